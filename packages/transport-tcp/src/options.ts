import { networkInterfaces } from 'node:os';
import { ParError } from '@par/comm-core';

/** Which sockets ranks of one host use among themselves: `auto` is Unix domain sockets. */
export type Family = 'auto' | 'unix' | 'tcp';

/** How a rank is connected to its peers, whoever started it. */
export interface LinkSettings {
  readonly rank: number;
  /** All ranks that can ever be. */
  readonly size: number;
  /** Ranks of the world, from 0. Default: all. */
  readonly worldSize?: number | undefined;
  /** Default `auto`. `tcp` is for tests: on one host it listens on the loopback interface only. */
  readonly family?: Family | undefined;
  /** Address or interface to listen on when the job spans hosts. Default: the interface the rendezvous is reached through. */
  readonly host?: string | undefined;
  /** Encrypts every connection with TLS 1.3, the rendezvous too. Default false; the same on all ranks and the rendezvous. */
  readonly secure?: boolean | undefined;
  /** `mesh` connects every pair at the start, `lazy` when it first talks. Default: mesh up to 32 ranks. */
  readonly connect?: 'mesh' | 'lazy' | undefined;
  /** Microseconds a waiting rank keeps its event loop turning; 0: never. Default: by measurement, 0 when ranks outnumber cores. */
  readonly spin?: number | undefined;
  /** What a rank that joins a job under way is there for, in a word that the other ranks are told. */
  readonly role?: string | undefined;
  /** Where refused connections are told, one line per kind. Default: standard error. */
  readonly log?: ((line: string) => void) | undefined;
}

/** Everything a rank needs to join a job whose rendezvous is known. */
export interface TcpOptions extends LinkSettings {
  /** Name of the job, the same on all ranks. */
  readonly job: string;
  /** Where the ranks meet: `unix:/path/socket` or `tcp:host:port`. */
  readonly rendezvous: string;
  /** 32 random bytes, the same on all ranks and known to nobody else. */
  readonly secret: Uint8Array;
  /** How long the rendezvous may take to appear, in milliseconds. Default 30 000. */
  readonly connectTimeout?: number | undefined;
}

/** A way into a job under way. */
export interface Door {
  /** Of its rendezvous. */
  readonly address: string;
  /** Address of that host to listen on for those who came in here; undefined: Unix domain sockets are enough, or the one of the connection. */
  readonly tcpHost?: string | undefined;
}

/** Everything a process without a rank needs to join a job under way. `size`: all ranks that can ever be. */
export interface EnterOptions extends Omit<LinkSettings, 'rank'> {
  readonly job: string;
  readonly secret: Uint8Array;
  /** Tried in this order. */
  readonly doors: readonly Door[];
  readonly role: string;
  /** How long the rendezvous may take to answer, in milliseconds. Default 10 000. */
  readonly connectTimeout?: number | undefined;
}

/** Which of how many. */
export interface Place {
  readonly rank: number;
  readonly size: number;
}

/**
 * The launcher's variables as options: PAR_JOB, PAR_RENDEZVOUS, PAR_SECRET (64 hexadecimal digits, removed from `env`), PAR_UNIVERSE
 * and those of `settingsFromEnvironment`. Throws ParError PAR_ENVIRONMENT for one that is missing or malformed.
 */
export function optionsFromEnvironment({ rank, size }: Place, env: NodeJS.ProcessEnv): TcpOptions {
  const secret = env.PAR_SECRET;
  delete env.PAR_SECRET;
  const rendezvous = env.PAR_RENDEZVOUS;
  if (!rendezvous) {
    throw new ParError(
      'PAR_ENVIRONMENT',
      `rank ${rank} of ${size}: PAR_RENDEZVOUS is not set; start the program with: par run -np ${size} script.ts`,
    );
  }
  if (secret === undefined || !/^[0-9a-f]{64}$/i.test(secret)) {
    throw new ParError(
      'PAR_ENVIRONMENT',
      `rank ${rank} of ${size}: PAR_SECRET ${secret === undefined ? 'is not set (it is removed once read: call init only once)' : 'is not 64 hexadecimal digits'}`,
    );
  }
  return {
    ...settingsFromEnvironment({ rank, size: universeOf(size, env.PAR_UNIVERSE) }, env),
    worldSize: size,
    job: env.PAR_JOB ?? '',
    rendezvous,
    secret: Buffer.from(secret, 'hex'),
  };
}

/** All ranks that can ever be. */
function universeOf(size: number, text: string | undefined): number {
  if (text === undefined || text === '') return size;
  const universe = Number(text);
  if (Number.isSafeInteger(universe) && universe >= size) return universe;
  throw new ParError('PAR_ENVIRONMENT', `PAR_UNIVERSE=${text}: expected a number of ranks, ${size} or more`);
}

/** PAR_SECURE (`1`), PAR_TCP_FAMILY, PAR_TCP_HOST and PAR_SPIN. Throws ParError PAR_ENVIRONMENT for one that is malformed. */
export function settingsFromEnvironment({ rank, size }: Place, env: NodeJS.ProcessEnv): LinkSettings {
  return {
    rank,
    size,
    family: familyOf(env.PAR_TCP_FAMILY),
    secure: env.PAR_SECURE === '1',
    host: env.PAR_TCP_HOST ? addressOf(env.PAR_TCP_HOST) : undefined,
    spin: spinOf(env.PAR_SPIN),
  };
}

/** The address of an interface of this host, IPv4 first; anything else is an address already. */
function addressOf(text: string): string {
  const addresses = networkInterfaces()[text] ?? [];
  return (addresses.find(({ family }) => family === 'IPv4') ?? addresses[0])?.address ?? text;
}

/** Of an interface of this host. */
export function isOwnAddress(address: string): boolean {
  return Object.values(networkInterfaces()).some((all) => all?.some((own) => own.address === address));
}

function familyOf(text: string | undefined): Family {
  if (text === undefined || text === '') return 'auto';
  if (text === 'auto' || text === 'unix' || text === 'tcp') return text;
  throw new ParError('PAR_ENVIRONMENT', `PAR_TCP_FAMILY=${text}: expected auto, unix or tcp`);
}

function spinOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const micros = Number(text);
  if (Number.isFinite(micros) && micros >= 0) return micros;
  throw new ParError('PAR_ENVIRONMENT', `PAR_SPIN=${text}: expected microseconds, 0 for none`);
}
