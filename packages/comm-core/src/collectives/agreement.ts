import { decode, encode } from '../codec/index.ts';
import { ELEMENT_BYTES } from '../datatype/index.ts';
import { MismatchError } from '../errors.ts';
import type { ElementType } from '../transport/index.ts';
import { type Call, observed } from './call.ts';

/** Whether ranks compare their calls before every collective: `PAR_DEBUG=1` when the program starts. */
export const CHECKING = process.env.PAR_DEBUG === '1';

/** What must be the same on all ranks, beside the name of the collective. */
export interface Agreed {
  readonly root?: number;
  /** Name of the reduction. */
  readonly op?: string;
  /** Element type of the caller's buffer. */
  readonly type?: ElementType;
  /** Elements, where all ranks must pass equally long buffers. */
  readonly count?: number;
  /** Elements of each rank's block, where all ranks must pass the same. */
  readonly counts?: readonly number[];
}

/** A call as it is compared: raw bytes go with every element type, so lengths are in bytes and the type is by itself. */
interface Signature {
  readonly key: string;
  readonly type: ElementType;
  /** For people: "bcastInto(root 2, float64 × 10)". */
  readonly text: string;
}

/**
 * Compares this call with those of all ranks it works with. Every rank sends and receives one message before it decides, so
 * that after a mismatch, which rejects on all of them with PAR_MISMATCH, the communicator can be used again.
 */
export async function agree(call: Call, agreed: Agreed): Promise<void> {
  const peers = call.remoteSize ?? call.size;
  const mine = signatureOf(call, agreed);
  const segments = encode([mine.key, mine.type, mine.text]);
  const calls = await Promise.all(
    Array.from({ length: peers }, async (_, peer): Promise<Signature> => {
      if (call.remoteSize === undefined && peer === call.rank) return mine;
      const sent = observed(call.space.sendValue(segments, peer, call.tag, false, call.signal));
      const { segments: received } = await call.space.recvValue(peer, call.tag, call.signal);
      await sent;
      const [key, type, text] = decode(received) as [string, ElementType, string];
      return { key, type, text };
    }),
  );
  const types = new Set(calls.map(({ type }) => type).filter((type) => type !== 'bytes'));
  if (calls.every(({ key }) => key === mine.key) && types.size <= 1) return;
  throw new MismatchError(disagreement(call, mine, calls));
}

function signatureOf(call: Call, { root, op, type, count, counts }: Agreed): Signature {
  const width = ELEMENT_BYTES[type ?? 'bytes'];
  // Between two groups each rank names the root in its own way.
  const common = call.remoteSize === undefined ? root : undefined;
  const bytes = [count === undefined ? undefined : count * width, counts?.map((n) => n * width)];
  const parts: string[] = [];
  if (common !== undefined) parts.push(`root ${common}`);
  if (op !== undefined) parts.push(`op ${op}`);
  if (type !== undefined) parts.push(count === undefined ? type : `${type} × ${count}`);
  if (counts !== undefined) parts.push(`counts ${JSON.stringify(counts)}`);
  return {
    key: JSON.stringify([call.operation, common, op, bytes]),
    type: type ?? 'bytes',
    text: `${call.operation}(${parts.join(', ')})`,
  };
}

function disagreement(call: Call, mine: Signature, calls: readonly Signature[]): string {
  const ranks = Map.groupBy(calls.keys(), (rank) => calls[rank]!.text);
  if (call.remoteSize !== undefined) ranks.set(mine.text, ranks.get(mine.text) ?? []);
  const groups = [...ranks].sort(([, a], [, b]) => b.length - a.length);
  const called = groups.map(([what, who]) => {
    const callers = who.length === 0 ? 'this group' : `${who.length === 1 ? 'rank' : 'ranks'} ${who.join(', ')}`;
    return `${callers} called ${what}`;
  });
  return `collective number ${call.tag} on ${call.where}: the ranks disagree: ${called.join('; ')}. All ranks must call the same collectives in the same order with matching arguments`;
}
