import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AgentConnection } from '../agent/connection.ts';
import { agentCommand } from '../agent/reach.ts';
import { type Endpoint, type Survey, survey, unreachable } from '../agent/survey.ts';
import type { HostsRequest } from '../hosts/allocation.ts';
import { isThisHost } from '../hosts/local.ts';
import { addressTowards } from '../hosts/route.ts';
import { Reaper } from '../run/reaper.ts';

const SILENCE_MS = 15_000;

export interface HostReport {
  readonly name: string;
  /** Why it cannot be used: not reached, not let in, no par there. */
  readonly problem: string | undefined;
  readonly facts:
    | { readonly hostname: string; readonly node: string; readonly par: string; readonly cores: number }
    | undefined;
  readonly survey: Survey | undefined;
  /** How far its clock is before ours, and how exactly that is known, in milliseconds. */
  readonly clock: { readonly offset: number; readonly uncertainty: number } | undefined;
  /** Hosts that it cannot open a connection to, with the reason. */
  readonly unreachable: Readonly<Record<string, string>>;
}

export interface HostsReport {
  readonly origin: string;
  readonly reach: string;
  /** The directory that was looked for on every host. */
  readonly directory: string;
  readonly hosts: readonly HostReport[];
}

interface Examined {
  readonly name: string;
  /** Undefined: this host. */
  readonly agent: AgentConnection | undefined;
  problem: string | undefined;
  survey: Survey | undefined;
  clock: HostReport['clock'];
}

/** Reaches every host as `par run` would, and lets each look at itself and try to reach the others. */
export async function examineHosts(
  request: HostsRequest,
  ssh: string,
  version: string,
  env: NodeJS.ProcessEnv,
): Promise<HostsReport> {
  const id = randomBytes(16).toString('hex');
  const reaper = new Reaper(`PAR_JOB=${id}`, join(tmpdir(), `par-doctor-${id}`));
  const marker = resolve(`.par-doctor-${id}`);
  const hosts = await Promise.all(
    request.hosts.map(async (host): Promise<Examined> => {
      const here = await isThisHost(host, env);
      const command = agentCommand(request.reach, ssh, host);
      const agent = here ? undefined : new AgentConnection({ host, command, heartbeatMs: SILENCE_MS, reaper });
      const examined: Examined = { name: host.name, agent, problem: undefined, survey: undefined, clock: undefined };
      await agent?.hello.catch((error: Error) => {
        examined.problem = error.message.replace(/^host \S+: /, '').replace(/ \(see par doctor .*\)$/, '');
      });
      return examined;
    }),
  );
  let own: Server | undefined;
  try {
    writeMarker(marker);
    const usable = hosts.filter(({ problem }) => problem === undefined);
    const contacts = new Map(usable.map((host) => [host, host.agent?.facts.reached]));
    const here = await addressTowards([...contacts.values()].filter((address) => address !== undefined));
    await Promise.all(
      usable.map(async (host) => {
        const others = [...contacts].filter(([other]) => other !== host).map(([, address]) => address ?? here);
        const peers = [...others, here].filter((address) => address !== undefined);
        const names = [...hosts.map(({ name }) => name), hostname()];
        if (host.agent === undefined) {
          const { survey: found, server } = await survey({ peers, names, marker });
          host.survey = found;
          own = server;
          return;
        }
        const before = Date.now();
        const found = (await host.agent.ask({ name: 'time' })) as number;
        const after = Date.now();
        host.clock = { offset: found - (before + after) / 2, uncertainty: (after - before) / 2 };
        host.survey = (await host.agent.ask({ name: 'survey', request: { peers, names, marker } })) as Survey;
      }),
    );
    const endpoints = usable.flatMap(({ name, survey: found }): Endpoint[] =>
      found?.chosen && found.port ? [{ host: name, address: found.chosen.address, port: found.port }] : [],
    );
    const reports = await Promise.all(
      hosts.map(async (host): Promise<HostReport> => {
        const { name, agent, problem, survey: found, clock } = host;
        const others = endpoints.filter((endpoint) => endpoint.host !== name);
        const lost =
          problem !== undefined
            ? {}
            : agent === undefined
              ? await unreachable(others)
              : ((await agent.ask({ name: 'reach', endpoints: others })) as Record<string, string>);
        const facts = problem === undefined ? agent?.facts : undefined;
        const mismatch =
          facts && facts.version !== version
            ? `par there is ${facts.version}, here ${version}: install the same`
            : undefined;
        return {
          name,
          problem: problem ?? mismatch,
          facts: facts && { hostname: facts.hostname, node: facts.node, par: facts.version, cores: facts.cores },
          survey: found,
          clock,
          unreachable: lost,
        };
      }),
    );
    return { origin: request.origin, reach: request.reach, directory: resolve('.'), hosts: reports };
  } finally {
    rmSync(marker, { force: true });
    own?.close();
    await Promise.all(hosts.map(({ agent }) => agent?.close()));
    reaper.close();
  }
}

/** Without it every host seems not to share files, which is said of a directory that cannot be written, too. */
function writeMarker(path: string): void {
  try {
    writeFileSync(path, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EROFS' && code !== 'EPERM') throw error;
  }
}

export function isWellConnected({ hosts }: HostsReport): boolean {
  return hosts.every(({ problem, unreachable: lost }) => problem === undefined && Object.keys(lost).length === 0);
}

/** Clocks further apart than this confuse make, logs and certificates. */
const CLOCK_MS = 1000;
/** A connection per pair of ranks, and pipes: less than this is little for jobs of many ranks. */
const FEW_FILES = 1024;

export function describeHosts({ origin, reach, directory, hosts }: HostsReport): string[] {
  return [
    '',
    `hosts: ${hosts.length} from ${origin}, over ${reach}`,
    ...hosts.flatMap((host) => describeHost(host, directory)),
  ];
}

function describeHost(
  { name, problem, facts, survey: found, clock, unreachable: lost }: HostReport,
  directory: string,
): string[] {
  if (problem !== undefined) return [`  ${name}: CANNOT BE USED: ${problem}`];
  const title = facts ? `${facts.hostname}, node ${facts.node}, ${facts.cores} cores` : 'this host';
  if (found === undefined) return [`  ${name}: ${title}`];
  const unknown = Object.entries(found.resolved).flatMap(([other, address]) => (address === undefined ? [other] : []));
  return [
    `  ${name}: ${title}`,
    `    network    ${describeNetwork(found)}`,
    ...Object.entries(lost).map(([other, why]) => `    network    CANNOT REACH ${other}: ${why}`),
    `    names      ${unknown.length === 0 ? 'all hosts are known by name' : `unknown here: ${unknown.join(', ')}`}`,
    ...(clock ? [`    clock      ${describeClock(clock)}`] : []),
    `    limits     ${found.limits.openFiles} open files${Number(found.limits.openFiles) < FEW_FILES ? ' (FEW: ulimit -n)' : ''}, ${found.limits.processes} processes`,
    `    files      ${found.sharesFiles ? `${directory} is shared with this host` : `${directory} is NOT shared with this host`}`,
  ];
}

function describeNetwork({ chosen, interfaces }: Survey): string {
  const all = interfaces.map(({ name, address }) => `${name} ${address}`).join(', ');
  if (chosen === undefined) return `no route to the other hosts (${all || 'no interface'})`;
  return `${chosen.address} on ${chosen.name} leads to the other hosts (of ${all})`;
}

function describeClock({ offset, uncertainty }: NonNullable<HostReport['clock']>): string {
  const size =
    Math.abs(offset) < 1 ? 'the same' : `${Math.abs(offset).toFixed(0)} ms ${offset > 0 ? 'ahead' : 'behind'}`;
  const warning = Math.abs(offset) - uncertainty > CLOCK_MS ? ' (WRONG: synchronise it with NTP)' : '';
  return `${size}, within ${Math.max(1, Math.ceil(uncertainty))} ms${warning}`;
}
