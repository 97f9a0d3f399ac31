export const UNIT = 2;
export const area = (width: number, height: number): number => width * height * UNIT;
export default function perimeter(width: number, height: number): number {
  return 2 * (width + height);
}
export class Shape {
  readonly sides: number;
  constructor(sides: number) {
    this.sides = sides;
  }
  corners(): number {
    return this.sides;
  }
}
const secret = (x: number): number => x + 1;
export const revealed = { secret };
export let calls = 0;
export function countCall(): number {
  calls += 1;
  return calls;
}
