/** Exported: other processes have it under this name. */
export class Refusal extends Error {
  readonly amount: number;
  constructor(message: string, amount: number) {
    super(message);
    this.amount = amount;
  }
  twice(): number {
    return 2 * this.amount;
  }
}

class Silent extends Refusal {}

/** Fails with an exported class, or one that only this module has. */
export function refuses(amount: number): number {
  throw amount > 1 ? new Silent('refused', amount) : new Refusal('refused', amount);
}

const ONE = new Error('the only one');

export function throwsTheOne(_: number): number {
  throw ONE;
}
