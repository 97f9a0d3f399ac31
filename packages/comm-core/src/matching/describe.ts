import type { Engine } from './engine.ts';
import { TRANSFERRING } from './outgoing.ts';

/** What this rank waits for, oldest first. */
export function describePending(engine: Engine): string[] {
  const now = performance.now();
  const pending: { since: number; text: string }[] = [];
  const add = (operation: { since: number }, progress = ''): void => {
    const seconds = Math.round((now - operation.since) / 1000);
    pending.push({ since: operation.since, text: `${operation}${progress}, waiting ${seconds} s` });
  };
  for (const queues of engine.queues.values()) for (const receive of queues.waiting()) add(receive);
  for (const peer of engine.peers) {
    if (peer.receive !== undefined) add(peer.receive, ', its message arriving');
    for (const { receive, received, message } of peer.incoming.values()) {
      add(receive, `, ${received} of ${message.bytes} bytes received`);
    }
    for (const send of peer.outgoing.values()) {
      add(send, send.state === TRANSFERRING ? `, ${send.sent} of ${send.total} bytes sent` : ', not received yet');
    }
  }
  return pending.sort((a, b) => a.since - b.since).map(({ text }) => text);
}
