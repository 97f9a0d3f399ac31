import fc from 'fast-check';

/** What may happen to a cluster; `a` and `b` choose to whom, and how. */
export interface Step {
  readonly what:
    | 'submit'
    | 'map'
    | 'finish'
    | 'store'
    | 'fail'
    | 'kill-thread'
    | 'join'
    | 'kill'
    | 'leave'
    | 'release'
    | 'cancel'
    | 'force'
    | 'scatter'
    | 'put'
    | 'copy'
    | 'miss'
    | 'gather-miss'
    | 'retract'
    | 'reschedule'
    | 'block'
    | 'pause'
    | 'retry'
    | 'close-client'
    | 'retire'
    | 'replicate'
    | 'late'
    | 'tick'
    | 'lose-client'
    | 'replace'
    | 'scale'
    | 'acquire'
    | 'give-back'
    | 'restart';
  readonly a: number;
  readonly b: number;
}

const weighted: [number, Step['what']][] = [
  [8, 'submit'],
  [4, 'map'],
  [10, 'finish'],
  [8, 'store'],
  [2, 'fail'],
  [1, 'kill-thread'],
  [3, 'join'],
  [3, 'kill'],
  [1, 'leave'],
  [4, 'release'],
  [2, 'cancel'],
  [1, 'force'],
  [3, 'scatter'],
  [2, 'put'],
  [3, 'copy'],
  [2, 'miss'],
  [2, 'gather-miss'],
  [2, 'retract'],
  [2, 'reschedule'],
  [2, 'block'],
  [1, 'pause'],
  [2, 'retry'],
  [1, 'close-client'],
  [1, 'retire'],
  [1, 'replicate'],
  [2, 'late'],
  [2, 'tick'],
  [1, 'lose-client'],
  [1, 'replace'],
  [1, 'scale'],
  [4, 'acquire'],
  [2, 'give-back'],
  [1, 'restart'],
];
export const histories = fc.array(
  fc.record({
    what: fc.oneof(...weighted.map(([weight, what]) => ({ weight, arbitrary: fc.constant(what) }))),
    a: fc.nat(10_000),
    b: fc.nat(10_000),
  }),
  { minLength: 1, maxLength: 150, size: 'max' },
);
