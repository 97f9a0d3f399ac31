import type { Case } from './case.ts';
import { EXECUTOR } from './cases/executor.ts';
import { HARM } from './cases/failures.ts';
import { LIFETIMES } from './cases/lifetimes.ts';
import { SUBMITTING } from './cases/submitting.ts';

/** Behaviours of futures on every transport; numbers are those of the list that Dask's own tests were boiled down to. */
export const CASES: readonly Case[] = [SUBMITTING, LIFETIMES, EXECUTOR, HARM].flat();
