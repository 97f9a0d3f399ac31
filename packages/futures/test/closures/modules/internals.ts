import { UNIT } from './geometry.ts';

const offset = 5;
const helper = (x: number): number => x + UNIT + offset;

/** Makes a closure over things this module does not export. */
export const outer = (y: number): (() => number) => {
  const inner = () => helper(y);
  return inner;
};

export class Temperature {
  readonly degrees: number;
  constructor(degrees: number) {
    this.degrees = degrees;
  }
  static from(degrees: number): Temperature {
    return new Temperature(degrees);
  }
}

export const methods = {
  plus(x: number): number {
    return x + offset;
  },
  deep: { helped: (x: number): number => helper(x) },
};

export default (x: number): number => x * 100;
