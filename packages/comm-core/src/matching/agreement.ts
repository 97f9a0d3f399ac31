import { ArgumentRangeError, MismatchError, ParError, PeerLostError } from '../errors.ts';
import type { Context, MatchingSpace } from '../transport/index.ts';
import { createContext, type MatchingContext } from './context.ts';
import { TAG_BRIDGE, TAG_DERIVE, TAG_LOCAL, TAG_REMOTE } from './refusal.ts';

/*
 * How ranks agree on the number of a new context. One of them makes it up (numbers of different ranks never meet) and
 * tells the others directly: nobody depends on a third rank being alive, and nobody waits for the slowest.
 */

/** First word of a notice that its sender could not go on: no context, or rank of the world that it lost. */
const FAILED = -1;

export async function deriveContext(parent: MatchingContext, ranks: readonly number[]): Promise<MatchingContext> {
  const { engine, collective, label } = parent;
  const what = `derive on ${label} of ranks ${ranks.join(' ')}`;
  if (!ranks.includes(parent.rank)) {
    throw new ArgumentRangeError('PAR_RANK', `${what}: rank ${parent.rank} calls it but is not among them`);
  }
  const worldRanks = ranks.map((rank) => parent.ranks[rank]!);
  const leader = ranks[0]!;
  if (leader === parent.rank) {
    const number = engine.newContextNumber();
    const others = ranks.slice(1);
    await tell(collective, others, TAG_DERIVE, [number, ...ranks]);
    return createContext(engine, number, worldRanks, undefined);
  }
  const [number, ...theirs] = await hear(collective, leader, TAG_DERIVE, what);
  if (theirs.length !== ranks.length || theirs.some((rank, i) => rank !== ranks[i])) {
    throw new MismatchError(`${what}: rank ${leader} derives a context of ranks ${theirs.join(' ')} at the same point`);
  }
  return createContext(engine, number!, worldRanks, undefined);
}

export async function connectGroups(
  local: MatchingContext,
  localLeader: number,
  bridge: Context | undefined,
  remoteLeader: number,
  tag: number,
): Promise<MatchingContext> {
  const { engine, collective, ranks } = local;
  const what = `connect of ${local.label} with the group of leader ${remoteLeader}`;
  if (local.rank !== localLeader) {
    const [number, ...remoteRanks] = await hear(collective, localLeader, TAG_LOCAL, what);
    return createContext(engine, number!, ranks, remoteRanks);
  }
  const others = othersThan(localLeader, ranks.length);
  const agreed = await orTell(collective, others, TAG_LOCAL, async () => {
    if (bridge === undefined) {
      throw new ParError('PAR_ARGUMENT', `${what}: the leader needs a bridge that has both leaders; pass one`);
    }
    const mine = engine.newContextNumber();
    const bridgeTag = TAG_BRIDGE - tag;
    const [theirs] = await Promise.all([
      hear(bridge.collective, remoteLeader, bridgeTag, what),
      tell(bridge.collective, [remoteLeader], bridgeTag, [mine, engine.rank, ...ranks]),
    ]);
    const [number, theirLeader, ...remoteRanks] = theirs;
    if (remoteRanks.some((rank) => ranks.includes(rank))) {
      throw new ArgumentRangeError('PAR_RANK', `${what}: the groups share a rank; they must be disjoint`);
    }
    return [engine.rank < theirLeader! ? mine : number!, ...remoteRanks];
  });
  await tell(collective, others, TAG_LOCAL, agreed);
  return createContext(engine, agreed[0]!, ranks, agreed.slice(1));
}

/** One context of both groups: the one that says `high` last; the one with the lower leader first when both say the same. */
export async function mergeGroups(
  context: MatchingContext,
  remote: readonly number[],
  high: boolean,
): Promise<MatchingContext> {
  const { engine, ranks } = context;
  const [number, low] = await agreeAcross(context, remote, high, `merge of ${context.label}`);
  return createContext(engine, number, low ? [...ranks, ...remote] : [...remote, ...ranks], undefined);
}

export async function duplicateIntercontext(
  context: MatchingContext,
  remote: readonly number[],
): Promise<MatchingContext> {
  const [number] = await agreeAcross(context, remote, false, `derive on ${context.label}`);
  return createContext(context.engine, number, context.ranks, remote);
}

/** Ranks 0 of both groups of an intercontext agree, then each tells the other group. Returns the number and whether this group is first. */
async function agreeAcross(
  context: MatchingContext,
  remote: readonly number[],
  high: boolean,
  what: string,
): Promise<[number: number, low: boolean]> {
  const { engine, collective, ranks } = context;
  if (context.rank !== 0) {
    const [number, low] = await hear(collective, 0, TAG_LOCAL, what);
    return [number!, low === 1];
  }
  const others = othersThan(0, remote.length);
  const [number, low] = await orTell(collective, others, TAG_LOCAL, async () => {
    const mine = engine.newContextNumber();
    const [theirs] = await Promise.all([
      hear(collective, 0, TAG_REMOTE, what),
      tell(collective, [0], TAG_REMOTE, [mine, high ? 1 : 0]),
    ]);
    const lower = ranks[0]! < remote[0]!;
    const low = (theirs[1] === 1) === high ? lower : !high;
    return [lower ? mine : theirs[0]!, low ? 1 : 0];
  });
  await tell(collective, others, TAG_LOCAL, [number!, low === 1 ? 0 : 1]);
  return [number!, low === 1];
}

function othersThan(rank: number, size: number): number[] {
  return Array.from({ length: size }, (_, other) => other).filter((other) => other !== rank);
}

/** When `agree` fails, those who wait for its result are told so before the error goes on. */
async function orTell(
  space: MatchingSpace,
  others: readonly number[],
  tag: number,
  agree: () => Promise<number[]>,
): Promise<number[]> {
  try {
    return await agree();
  } catch (error) {
    const notice = [FAILED, error instanceof PeerLostError ? error.rank : FAILED];
    // Some of them may be gone too: the error that matters is the first.
    await Promise.allSettled(others.map((rank) => space.sendValue([pack(notice)], rank, tag, false)));
    throw error;
  }
}

async function tell(space: MatchingSpace, to: readonly number[], tag: number, words: readonly number[]): Promise<void> {
  const segments = [pack(words)];
  await Promise.all(to.map((rank) => space.sendValue(segments, rank, tag, false)));
}

async function hear(space: MatchingSpace, source: number, tag: number, what: string): Promise<number[]> {
  const { segments } = await space.recvValue(source, tag);
  const words = unpack(segments[0]!);
  if (words[0] !== FAILED) return words;
  const lost = words[1]!;
  if (lost !== FAILED) throw new PeerLostError(lost, `${what}: its leader lost rank ${lost} of the world`);
  throw new ParError('PAR_ARGUMENT', `${what}: its leader failed; that rank's error says why`);
}

function pack(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    view.setInt32(i * 4, word, true);
  });
  return bytes;
}

function unpack(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(i * 4, true));
}
