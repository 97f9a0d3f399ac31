import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { availableCores } from '@par/comm-core';
import { hostOfDoor } from '../cluster/door.ts';
import type { RunOptions } from '../command-line/parse-run.ts';
import type { HostsRequest } from '../hosts/allocation.ts';
import type { HostRequest } from '../hosts/host-list.ts';
import { isThisHost } from '../hosts/local.ts';
import { type Placement, place, totalSlots } from '../hosts/place.ts';
import { addressTowards, isLoopback } from '../hosts/route.ts';
import type { Hosts } from '../run/plan.ts';
import { type Rank, type RankEvents, type RankPlan, RankProcess } from '../run/rank-process.ts';
import type { Reaper } from '../run/reaper.ts';
import type { Setting } from '../run/starter.ts';
import type { TcpSeat } from '../run/tcp-starter.ts';
import { UsageError } from '../usage-error.ts';
import { AgentConnection } from './connection.ts';
import { agentCommand } from './reach.ts';

/** Hosts that have not answered for so long are named. */
const SLOW_MS = 5_000;

/** A host of the job; no agent: this one. */
interface FleetHost {
  readonly request: HostRequest;
  readonly agent: AgentConnection | undefined;
  readonly cores: number;
}

interface FleetJob {
  readonly id: string;
  readonly reaper: Reaper;
}

/** A job about to be placed; `door`: where processes of other hosts may join it, `tcp:host:port`. */
type Preparing = Pick<Setting, 'id' | 'segments' | 'size' | 'options'> & { readonly door: string | undefined };

/** Connects to every host. Throws UsageError that names each one that refuses, and why. */
export async function connectFleet(request: HostsRequest, options: RunOptions, job: FleetJob): Promise<Fleet> {
  const { reaper } = job;
  const { ssh, heartbeatMs } = options;
  const agents = await Promise.all(
    request.hosts.map(async (host) => {
      if (await isThisHost(host, process.env)) return undefined;
      const command = agentCommand(request.reach, ssh, host);
      return new AgentConnection({ host, command, heartbeatMs, reaper });
    }),
  );
  const unanswered = new Set(agents.flatMap((agent) => agent ?? []));
  for (const agent of unanswered) agent.hello.finally(() => unanswered.delete(agent)).catch(() => {});
  const slow = setTimeout(() => {
    const names = Array.from(unanswered, ({ name }) => name).join(', ');
    process.stderr.write(
      `par: waiting for ${names}: no answer in ${SLOW_MS / 1000} s (start-up files of its shell run first)\n`,
    );
  }, SLOW_MS);
  const answers = await Promise.allSettled(agents.map((agent) => agent?.hello));
  clearTimeout(slow);
  const problems = answers.flatMap((answer, at) => {
    if (answer.status === 'rejected') return [answer.reason as UsageError];
    const facts = answer.value;
    if (facts === undefined || facts.version === version()) return [];
    const text = `host ${request.hosts[at]!.name}: par there is ${facts.version}, here ${version()}; install the same`;
    return [new UsageError(text)];
  });
  if (problems.length > 0) {
    await Promise.all(agents.map((agent) => agent?.close()));
    throw new UsageError(problems.map(({ message }) => message).join('\npar run: '), problems[0]!.status);
  }
  const hosts = request.hosts.map((host, at) => {
    const agent = agents[at];
    return { request: host, agent, cores: agent?.facts.cores ?? availableCores() };
  });
  return new Fleet(hosts, options.ppn);
}

/** The hosts of a job, connected, and which rank runs on which. */
export class Fleet implements Hosts {
  readonly totalSlots: number;
  readonly includesThis: boolean;
  readonly #hosts: readonly FleetHost[];
  #placement: Placement | undefined;
  #address: string | undefined;
  /** Hosts of ranks that were started later. */
  readonly #later = new Map<number, number>();

  constructor(hosts: readonly FleetHost[], ppn: number | undefined) {
    this.#hosts = hosts;
    this.totalSlots = totalSlots(hosts, ppn);
    this.includesThis = hosts.some(({ agent }) => agent === undefined);
  }

  /** Where the job's other hosts reach this one; undefined: there is no route. Known once ranks were placed. */
  get address(): string | undefined {
    return this.#address;
  }

  /** What is known once ranks were placed. */
  get hosts(): { readonly name: string; readonly ranks: number; readonly cores: number }[] {
    return this.#hosts.map(({ request, cores }, at) => ({
      name: request.name,
      ranks: this.#placement?.counts[at] ?? 0,
      cores,
    }));
  }

  /** Places the ranks and makes their hosts ready. `rendezvous`: path of our own socket. Rejects with UsageError. */
  async prepare({ id, segments, size, options, door }: Preparing, rendezvous: string): Promise<TcpSeat[]> {
    const placement = place(size, this.#hosts, options.ppn);
    this.#placement = placement;
    await Promise.all(this.#hosts.map(({ agent }, at) => (placement.counts[at] === 0 ? agent?.close() : undefined)));

    const used = this.#hosts.filter((_, at) => placement.counts[at]! > 0);
    const contacts = new Map<FleetHost, string>();
    for (const host of used) {
      const contact = host.agent && (await contactOf(host.agent));
      if (contact !== undefined) contacts.set(host, contact);
    }
    const here = used.find(({ agent }) => agent === undefined);
    const outside = door === undefined ? [] : [hostOfDoor(door)];
    const own = (await addressTowards([...contacts.values()])) ?? outside[0];
    this.#address = own;
    if (here !== undefined && own !== undefined) contacts.set(here, own);

    const programs = options.segments.map(({ program }, at) => ({ program, cwd: segments[at]!.cwd }));
    const prepared = await Promise.all(
      this.#hosts.map(({ agent }, at) => {
        if (placement.counts[at] === 0) return undefined;
        if (agent === undefined) return { rendezvous: `unix:${rendezvous}`, address: own };
        const others = [...contacts].filter(([host]) => host.agent !== agent).map(([, address]) => address);
        const peers = [...others, ...outside];
        const { graceMs, heartbeatMs } = options;
        return agent.prepare({ job: id, host: at, programs, peers, graceMs, heartbeatMs }, rendezvous);
      }),
    );
    return placement.hostOf.map((host, rank) => ({
      localRank: placement.localRank[rank]!,
      localSize: placement.counts[host]!,
      rendezvous: prepared[host]!.rendezvous,
      tcpHost: used.length > 1 || door !== undefined ? prepared[host]!.address : undefined,
      otherHost: this.#hosts[host]!.agent?.name,
    }));
  }

  start(plans: readonly RankPlan[], events: RankEvents, reaper: Reaper): Rank[] {
    const { hostOf } = this.#placement!;
    const remote = new Map<number, Rank>();
    for (const [at, { agent }] of this.#hosts.entries()) {
      const own = plans.filter(({ rank }) => hostOf[rank] === at);
      if (agent === undefined || own.length === 0) continue;
      for (const rank of agent.start(own, events)) remote.set(rank.plan.rank, rank);
    }
    return plans.map((plan) => remote.get(plan.rank) ?? new RankProcess(plan, events, reaper));
  }

  /** One more rank on the host of another. */
  startLike(plan: RankPlan, like: number, events: RankEvents, reaper: Reaper): Rank {
    const host = this.#later.get(like) ?? this.#placement!.hostOf[like]!;
    this.#later.set(plan.rank, host);
    return this.#hosts[host]!.agent?.start([plan], events)[0] ?? new RankProcess(plan, events, reaper);
  }

  async started(): Promise<void> {
    const { counts } = this.#placement!;
    await Promise.all(this.#hosts.map(({ agent }, at) => (counts[at]! > 0 ? agent?.started() : undefined)));
  }

  suspend(suspended: boolean): void {
    for (const { agent } of this.#hosts) agent?.suspend(suspended);
  }

  async close(): Promise<void> {
    await Promise.all(this.#hosts.map(({ agent }) => agent?.close()));
  }
}

/** An address by which other hosts may reach this one. */
async function contactOf(agent: AgentConnection): Promise<string | undefined> {
  const address = agent.facts.reached ?? (await lookup(agent.name).catch(() => undefined))?.address;
  return address === undefined || isLoopback(address) ? undefined : address;
}

/** For --dry-run: the placement as far as it is known without asking the hosts. Throws UsageError. */
export async function plannedHosts(
  { hosts }: HostsRequest,
  { ppn, segments }: RunOptions,
): Promise<Hosts & { place(size: number): TcpSeat[] }> {
  const here = await Promise.all(hosts.map((host) => isThisHost(host, process.env)));
  const unknown = hosts.find((host, at) => host.slots === undefined && !here[at]);
  if (unknown && ppn === undefined && segments.some(({ count }) => count === 'auto')) {
    throw new UsageError(`--dry-run asks no host: give -np, or slots for ${unknown.name}`);
  }
  const spots = hosts.map((request) => ({ request, cores: availableCores() }));
  return {
    totalSlots: totalSlots(spots, ppn),
    includesThis: here.includes(true),
    place: (size) => {
      const { hostOf, localRank, counts } = place(size, spots, ppn);
      return hostOf.map((host, rank) => ({
        localRank: localRank[rank]!,
        localSize: counts[host]!,
        rendezvous: 'unix:<directory>/rendezvous.sock',
        tcpHost: counts.filter((count) => count > 0).length > 1 ? '<address>' : undefined,
        otherHost: here[host] ? undefined : (hosts[host]?.name ?? hostname()),
      }));
    },
  };
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
