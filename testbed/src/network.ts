import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, Host } from './host.ts';

/** Hosts on one network that nothing outside can reach and that reaches nothing outside. */
export interface Network extends AsyncDisposable {
  /** In the order of the names; the first is where people work, and is not contained. */
  readonly hosts: readonly [Host, ...Host[]];
}

/**
 * Starts hosts with the addresses 10.77.0.1, 10.77.0.2, … that know each other by name. Needs root. All of it is gone when the
 * process that called this ends, however it ends. `directory` is for their files.
 */
export async function startNetwork(names: readonly [string, ...string[]], directory: string): Promise<Network> {
  const address = (index: number): string => `10.77.0.${index + 1}`;
  const hostsFile = join(directory, 'hosts');
  writeFileSync(hostsFile, ['127.0.0.1 localhost', ...names.map((name, i) => `${address(i)} ${name}`), ''].join('\n'));
  const cores = allowedCores();
  const hosts = await Promise.all(
    names.map((name, i) => {
      const bootId = join(directory, `boot-id-${name}`);
      writeFileSync(bootId, `${randomUUID()}\n`);
      const core = cores[i % cores.length]!;
      return Host.start({ name, address: address(i), contained: i > 0, core }, { hosts: hostsFile, bootId });
    }),
  );
  const [hub, ...others] = hosts as [Host, ...Host[]];
  connect([hub, ...others]);
  return {
    hosts: [hub, ...others],
    async [Symbol.asyncDispose]() {
      await Promise.all(hosts.map((host) => host[Symbol.asyncDispose]()));
    },
  };
}

/** Numbers of the cores on which this process may run. */
function allowedCores(): number[] {
  const [, list] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))!;
  return list!.split(',').flatMap((range) => {
    const [low, high = low] = range.split('-').map(Number);
    return Array.from({ length: high! - low! + 1 }, (_, i) => low! + i);
  });
}
