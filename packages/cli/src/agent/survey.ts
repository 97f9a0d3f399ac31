import { execFile } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { addressTowards } from '../hosts/route.ts';

/** How long a host may take to answer a connection of a survey. */
const REACH_MS = 3000;

export interface SurveyRequest {
  /** Addresses of the other hosts. */
  readonly peers: readonly string[];
  /** Names of all hosts. */
  readonly names: readonly string[];
  /** A file that exists on the host that asks. */
  readonly marker: string;
}

/** What a host says of itself to `par doctor`. */
export interface Survey {
  /** Milliseconds since 1970 by its clock. */
  readonly now: number;
  readonly interfaces: readonly { readonly name: string; readonly address: string }[];
  /** Address that ranks would listen on, and its interface; undefined: no route to the others. */
  readonly chosen: { readonly address: string; readonly name: string } | undefined;
  /** Where a listener of this survey is for the others to reach. */
  readonly port: number | undefined;
  /** Names of hosts and the address each means here; undefined: none. */
  readonly resolved: Readonly<Record<string, string | undefined>>;
  /** Soft limits; "unlimited" or a number. */
  readonly limits: { readonly openFiles: string; readonly processes: string };
  /** It sees the files of the host that asks. */
  readonly sharesFiles: boolean;
}

/** Surveys this host; the server it listens with is the caller's to close. */
export async function survey({ peers, names, marker }: SurveyRequest): Promise<{ survey: Survey; server?: Server }> {
  const interfaces = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).filter(({ internal }) => !internal).map(({ address }) => ({ name, address })),
  );
  const address = await addressTowards(peers);
  const chosen =
    address === undefined
      ? undefined
      : { address, name: interfaces.find((one) => one.address === address)?.name ?? 'unknown' };
  const server = address === undefined ? undefined : await listen(address);
  const resolved = await Promise.all(
    names.map(async (name) => [name, (await lookup(name).catch(() => undefined))?.address] as const),
  );
  const bound = server?.address();
  return {
    survey: {
      now: Date.now(),
      interfaces,
      chosen,
      port: typeof bound === 'object' ? bound?.port : undefined,
      resolved: Object.fromEntries(resolved),
      limits: await limits(),
      sharesFiles: existsSync(marker),
    },
    ...(server ? { server } : {}),
  };
}

/** It takes connections and says nothing. */
async function listen(address: string): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}).destroy()).unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port: 0 }, resolve);
  });
  return server;
}

async function limits(): Promise<Survey['limits']> {
  const { stdout } = await promisify(execFile)('bash', ['-c', 'ulimit -n; ulimit -u']).catch(() => ({ stdout: '' }));
  const [openFiles = 'unknown', processes = 'unknown'] = stdout.trim().split('\n');
  return { openFiles: openFiles || 'unknown', processes };
}

export interface Endpoint {
  readonly host: string;
  readonly address: string;
  readonly port: number;
}

/** Names of the hosts that cannot be reached from this one, each with the reason. */
export async function unreachable(endpoints: readonly Endpoint[]): Promise<Record<string, string>> {
  const problems = await Promise.all(endpoints.map(async (to) => [to.host, await problemOf(to)] as const));
  return Object.fromEntries(problems.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function problemOf({ address, port }: Endpoint): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: REACH_MS });
    const settle = (problem: string | undefined): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.on('connect', () => settle(undefined));
    socket.on('timeout', () => settle(`no answer from ${address} within ${REACH_MS / 1000} s: a firewall?`));
    socket.on('error', (error) => settle(error.message));
  });
}
