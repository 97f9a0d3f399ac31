import { decode, encode } from '../codec/index.ts';
import { MismatchError } from '../errors.ts';
import { type Call, observed } from './call.ts';

/** Whether ranks compare their calls before every collective: `PAR_DEBUG=1` when the program starts. */
export const CHECKING = process.env.PAR_DEBUG === '1';

/** What must be the same on all ranks, beside the name of the collective. */
export interface Agreed {
  readonly root?: number | undefined;
  readonly op?: string | undefined;
  readonly type?: string | undefined;
  readonly count?: number | undefined;
  readonly counts?: readonly number[] | undefined;
}

/**
 * Compares this call with those of all ranks it works with. Every rank sends and receives one message before it decides, so
 * that after a mismatch, which rejects on all of them with PAR_MISMATCH, the communicator can be used again.
 */
export async function agree(call: Call, agreed: Agreed): Promise<void> {
  const peers = call.remoteSize ?? call.size;
  const mine = text(call, agreed);
  const segments = encode(mine);
  const calls = await Promise.all(
    Array.from({ length: peers }, async (_, peer) => {
      if (call.remoteSize === undefined && peer === call.rank) return mine;
      const sent = observed(call.space.sendValue(segments, peer, call.tag, false, call.signal));
      const { segments: received } = await call.space.recvValue(peer, call.tag, call.signal);
      await sent;
      return decode(received) as string;
    }),
  );
  if (calls.every((theirs) => theirs === mine)) return;
  throw new MismatchError(disagreement(call, mine, calls));
}

/** "bcast(root 2, float64 × 10)". */
function text(call: Call, { root, op, type, count, counts }: Agreed): string {
  const parts: string[] = [];
  // Between two groups each rank names the root in its own way.
  if (root !== undefined && call.remoteSize === undefined) parts.push(`root ${root}`);
  if (op !== undefined) parts.push(`op ${op}`);
  if (type !== undefined) parts.push(count === undefined ? type : `${type} × ${count}`);
  if (counts !== undefined) parts.push(`counts ${JSON.stringify(counts)}`);
  return `${call.operation}(${parts.join(', ')})`;
}

function disagreement(call: Call, mine: string, calls: readonly string[]): string {
  const ranks = Map.groupBy(calls.keys(), (rank) => calls[rank]!);
  if (call.remoteSize !== undefined) ranks.set(mine, ranks.get(mine) ?? []);
  const groups = [...ranks].sort(([, a], [, b]) => b.length - a.length);
  const called = groups.map(([what, who]) => {
    const callers = who.length === 0 ? 'this group' : `${who.length === 1 ? 'rank' : 'ranks'} ${who.join(', ')}`;
    return `${callers} called ${what}`;
  });
  return `collective number ${call.tag} on ${call.where}: the ranks disagree: ${called.join('; ')}. All ranks must call the same collectives in the same order with matching arguments`;
}
