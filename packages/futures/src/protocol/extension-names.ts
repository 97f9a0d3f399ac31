/**
 * Names of the codec extensions by which futures travel inside values. Both sides of a value must have the same.
 *
 * `dependency`: inside task arguments (`Submit.chunks`, `common`); data: the position in the task's dependency list, a number.
 * `future`: inside everything else (results, scattered and held values, arguments of actor calls and of `run`, and `values` of
 * captured functions); data: a FutureReference. `capture`'s `replace` hook turns a captured future into
 * `{ future: FutureReference }`, which `restore` of `rebuild` turns back.
 */
export const EXTENSION_NAMES = { dependency: 'dependency', future: 'future' } as const;
