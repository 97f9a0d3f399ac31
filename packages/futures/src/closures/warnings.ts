import type { CapturePath } from './capture-path.ts';
import type { FunctionPlan } from './function-plan.ts';

const warned = new WeakMap<FunctionPlan, Set<string>>();

/** Say once per function and variable that assignments do not come back. */
export function warnOfAssignment(plan: FunctionPlan, name: string, path: CapturePath): void {
  const names = warned.get(plan) ?? new Set<string>();
  warned.set(plan, names);
  if (names.has(name)) return;
  names.add(name);
  process.emitWarning(
    `${path.step} assigns to '${name}', which it captured: where it runs it changes a copy, and '${name}' here stays as it is. ` +
      'Return the new value instead.',
    { type: 'ParWarning', code: 'PAR_CAPTURED_ASSIGNMENT' },
  );
}
