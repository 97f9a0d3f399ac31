import type { ConformanceCase } from './case.ts';
import { collectiveBuffers } from './collectives/buffers.ts';
import { concurrent } from './collectives/concurrent.ts';
import { inPlace } from './collectives/in-place.ts';
import { collectiveValues } from './collectives/values.ts';
import { vectorCollectives } from './collectives/vector.ts';
import { groups } from './communicators/groups.ts';
import { intercomm } from './communicators/intercomm.ts';
import { life } from './communicators/life.ts';
import { topologies } from './communicators/topologies.ts';
import { badInput } from './errors/bad-input.ts';
import { disagreement } from './errors/disagreement.ts';
import { mismatch } from './errors/mismatch.ts';
import { truncation } from './errors/truncation.ts';
import { buffers } from './point-to-point/buffers.ts';
import { cancel } from './point-to-point/cancel.ts';
import { datatypeViews } from './point-to-point/datatype-views.ts';
import { large } from './point-to-point/large.ts';
import { messages } from './point-to-point/messages.ts';
import { ordering } from './point-to-point/ordering.ts';
import { probe } from './point-to-point/probe.ts';
import { values } from './point-to-point/values.ts';
import { ops } from './reductions/ops.ts';
import { order } from './reductions/order.ts';

/** Every case, in the order in which it is run: what others build on comes first. */
export const CASES: readonly ConformanceCase[] = [
  ...values,
  ...buffers,
  ...ordering,
  ...probe,
  ...messages,
  ...cancel,
  ...truncation,
  ...mismatch,
  ...datatypeViews,
  ...large,
  ...collectiveValues,
  ...collectiveBuffers,
  ...vectorCollectives,
  ...inPlace,
  ...ops,
  ...order,
  ...concurrent,
  ...life,
  ...groups,
  ...topologies,
  ...intercomm,
  ...badInput,
  ...disagreement,
];

/** The cases whose name contains `only`; all of them without it. */
export function selectCases(only: string | undefined): readonly ConformanceCase[] {
  return only ? CASES.filter((test) => test.name.includes(only)) : CASES;
}
