import { networkInterfaces } from 'node:os';
import { UsageError } from '../usage-error.ts';

/** The value of --listen (`eth0`, `10.0.0.5:8786`, `[fd00::5]:8786`) as `tcp:host:port`, port 0 for any. Throws UsageError. */
export function parseDoor(text: string, option: string): string {
  const [, bracketed, plain, port = '0'] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const interfaces = networkInterfaces();
  const named = interfaces[plain ?? ''] ?? [];
  const host = (named.find(({ family }) => family === 'IPv4') ?? named[0])?.address ?? bracketed ?? plain;
  const own = Object.values(interfaces).some((all) => all?.some(({ address }) => address === host));
  if (host === undefined || !own || Number(port) > 65535) {
    throw new UsageError(
      `${option}: "${text}" is no network interface or address of this host (write eth0, or 10.0.0.5:8786); there are ${Object.keys(interfaces).join(', ')}`,
    );
  }
  return `tcp:${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Of `tcp:host:port`, without brackets. */
export function hostOfDoor(door: string): string {
  return /^tcp:\[?(.+?)\]?:\d+$/.exec(door)![1]!;
}
