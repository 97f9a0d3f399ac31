import type { Transport } from '@par/comm-core/transport';
import type { Rendezvous } from '../rendezvous/server.ts';

/** How rank 0 ends while the other ranks' channels lead to it: it stays until every rank has left, so that none is missed. */
export function holderOf(transport: Transport, rendezvous: Rendezvous): Pick<Transport, 'abort' | 'close' | 'leave'> {
  const { abort, close, leave } = transport;
  let closed: Promise<void> | undefined;
  return {
    abort(status, reason, lost) {
      // This process may end before it hears its own message.
      rendezvous.abort(status, reason, 0, lost);
      abort(status, reason, lost);
    },
    close() {
      closed ??= close()
        .then(() => rendezvous.drained())
        .then(() => rendezvous.close());
      return closed;
    },
    leave() {
      leave();
      void rendezvous.close();
    },
  };
}
