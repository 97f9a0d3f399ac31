import type { Case } from './case.ts';
import { COLLECTING } from './cases/collecting.ts';
import { COORDINATION } from './cases/coordination.ts';
import { ERRORS } from './cases/errors.ts';
import { EXECUTOR } from './cases/executor.ts';
import { HARM } from './cases/failures.ts';
import { LIFETIMES } from './cases/lifetimes.ts';
import { LOSSES } from './cases/losses.ts';
import { PLACEMENT } from './cases/placement.ts';
import { SUBMITTING } from './cases/submitting.ts';
import { TASKS } from './cases/tasks.ts';

/** Behaviours of futures on every transport; numbers are those of the list that Dask's own tests were boiled down to. */
export const CASES: readonly Case[] = [
  SUBMITTING,
  ERRORS,
  COLLECTING,
  LIFETIMES,
  PLACEMENT,
  TASKS,
  COORDINATION,
  EXECUTOR,
  HARM,
  LOSSES,
].flat();
