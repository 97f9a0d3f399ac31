/** Lets calls go on in the order they were made, whatever each awaits first: the order then is the same on all ranks. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Takes the next turn. `come` resolves when those taken before are over; the holder says when this one is. */
  take(): { readonly come: Promise<void>; readonly over: () => void } {
    const come = this.#last;
    let over!: () => void;
    this.#last = new Promise((resolve) => {
      over = resolve;
    });
    return { come, over };
  }
}
