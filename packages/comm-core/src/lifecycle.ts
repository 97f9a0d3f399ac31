import { abortStatus, type Job } from './comm/job.ts';
import type { AbortedError } from './errors.ts';
import type { Transport } from './transport/index.ts';

/**
 * Status of a rank that ends because another one was lost. A launcher of ours that sees it knows that this rank is a
 * consequence and looks for the cause, so that the job's status is that of the first failing rank.
 */
export const PEER_LOST_STATUS = 113;

/**
 * The same under other launchers, which make one status of all (the highest, or all bits): the least that is a failure leaves that of
 * the lost rank visible.
 */
const PEER_LOST_ELSEWHERE = 1;

/** Node's own status for a top-level await that can never settle. */
const UNSETTLED_AWAIT = 13;

/** Milliseconds a rank that fails because of another waits for its launcher before it prints its own stack. */
const CONSEQUENCE_PATIENCE = 500;

/** `abort`: this process ends, and with it the job. `reject`: operations that need the lost rank reject, the rest goes on. */
export type PeerLossPolicy = 'abort' | 'reject';

/** Who tells people and the other ranks that this rank failed: a launcher of ours watches its processes, others may not. */
export type Watcher = 'launcher' | 'ranks';

/**
 * Ties the job to this process: a crash ends all ranks, a normal end says goodbye. Installed by `init`; nobody has to
 * opt in.
 */
export function ownProcess(transport: Transport, policy: PeerLossPolicy, watcher: Watcher): Job {
  const { rank, size } = transport.world;
  const me = `rank ${rank} of ${size} on ${transport.hosts[rank]}`;
  const say = (text: string): void => {
    process.stderr.write(`par: ${me}: ${text}\n`);
  };
  let ended = false;
  let crashed = false;
  let consequence = false;

  const exit = (status: number): never => {
    ended = true;
    process.exit(status);
  };

  const lostStatus = watcher === 'launcher' ? PEER_LOST_STATUS : PEER_LOST_ELSEWHERE;

  transport.onFailure((error, lostRank) => {
    if (ended) return;
    const aborted = isAborted(error);
    if (!aborted && lostRank >= 0 && policy === 'reject') return;
    const lost = aborted ? error.lost : lostRank;
    const reason = aborted ? error.reason : error.message;
    // One voice is enough: a rank that aborts speaks for itself, one that is lost has a neighbour.
    if (lostRank < 0 || (watcher === 'ranks' && lost !== undefined && rank === (lost + 1) % size)) {
      say(`${lost === undefined ? error.message : reason}; the job ends`);
    }
    const ending = aborted && watcher === 'ranks' ? abortStatus(error.status) : lostStatus;
    // Passed on, also by those who were told: without it, whoever was not told yet would take this end for another loss.
    if (!aborted || watcher === 'ranks') transport.abort(ending, reason, lost);
    exit(ending);
  });

  process.on('uncaughtExceptionMonitor', (error: unknown, origin) => {
    // A program that handles its exceptions itself goes on.
    if (process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback()) return;
    crashed = true;
    consequence = codeOf(error) === 'PAR_PEER_LOST';
    // The launcher is about to end this rank for the failure of another: without this wait, the stacks of all survivors
    // would bury the one stack that says why.
    if (consequence && watcher === 'launcher') {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, CONSEQUENCE_PATIENCE);
    }
    if (!ended) say(origin === 'unhandledRejection' ? 'unhandled rejection:' : 'uncaught exception:');
  });
  process.on('beforeExit', () => {
    if (ended || (process.exitCode ?? 0) !== 0) return;
    ended = true;
    // Keeps the loop alive until everything sent has left.
    transport.close().catch((error: Error) => {
      say(`could not finish: ${error.message}`);
      process.exitCode = 1;
    });
  });
  process.on('exit', (code) => {
    // Node only finds this out after `beforeExit`, when the goodbye has been said already.
    if (code === UNSETTLED_AWAIT) say('a top-level await can never settle, and nothing of par is pending');
    if (ended) return;
    ended = true;
    if (code === 0) {
      transport.leave();
      return;
    }
    if (consequence) process.exitCode = lostStatus;
    if (watcher === 'ranks') {
      if (size > 1 && !crashed) say(`it ends with status ${code}, and the job with it`);
      transport.abort(abortStatus(code), `${me} ended with status ${code}`);
    }
  });

  return {
    transport,
    exit(status, reason) {
      if (watcher === 'ranks') say(`${reason}; the job ends with status ${status}`);
      return exit(status);
    },
  };
}

function isAborted(error: Error): error is AbortedError {
  return codeOf(error) === 'PAR_ABORTED';
}

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code;
}
