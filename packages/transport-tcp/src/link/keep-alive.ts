/** Keeps the process alive while it is held; sockets themselves never do. */
export class KeepAlive {
  // A timer that never fires: holding it costs a counter, where ref() on every socket would cost a call each.
  readonly #timer = setInterval(() => {}, 2 ** 31 - 1).unref();
  #holds = 0;

  hold(): void {
    if (this.#holds++ === 0) this.#timer.ref();
  }

  release(): void {
    if (--this.#holds === 0) this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
