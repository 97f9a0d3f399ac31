/** A function, or something it captured, cannot leave this process. */
export class NotShippableError extends TypeError {
  override readonly name = 'NotShippableError';
  readonly code = 'PAR_NOT_SHIPPABLE';
  /** The steps from the function to what stopped it, outermost first. */
  readonly chain: readonly string[];
  /** What to do about it. */
  readonly remedy: string;

  constructor(chain: readonly string[], reason: string, remedy: string, options?: ErrorOptions) {
    super(`${chain.join(' ')}${reason.startsWith(',') ? '' : ' '}${reason}. ${remedy}.`, options);
    this.chain = chain;
    this.remedy = remedy;
  }
}

/** A shipped function could not be made again in this process. */
export class RebuildError extends Error {
  override readonly name = 'RebuildError';
  readonly code = 'PAR_REBUILD';
}
