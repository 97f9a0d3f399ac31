import type { Binding } from './bindings.ts';
import type { CodeUnderWay } from './capture-function.ts';
import type { CaptureGraph } from './capture-graph.ts';
import type { CodeNode, Ref } from './description.ts';
import type { FreeVariable } from './free-variables.ts';
import type { ScopeValues } from './scopes.ts';

interface Use {
  readonly ref: Ref;
  readonly variable: FreeVariable;
}

interface Cell {
  readonly scopes: readonly ScopeValues[];
  readonly uses: Use[];
}

function read(scope: ScopeValues, name: PropertyKey): unknown {
  try {
    return Reflect.get(scope, name);
  } catch {
    return undefined; // Not initialised in either, or the values differ and decide.
  }
}

function sameValues(a: ScopeValues, b: ScopeValues): boolean {
  const names = Reflect.ownKeys(a);
  return names.length === Reflect.ownKeys(b).length && names.every((name) => Object.is(read(a, name), read(b, name)));
}

/**
 * Whether two functions close over the same variable. The inspector does not identify scopes, only their values: scopes
 * of the same code whose variables all have identical values, all the way out, count as one.
 */
function sameScopes(a: readonly ScopeValues[], b: readonly ScopeValues[]): boolean {
  return a.length === b.length && a.every((scope, depth) => sameValues(scope, b[depth]!));
}

/**
 * Variables that change and that several shipped functions use get a cell, so that an assignment by one is seen by the
 * others. Returns the variables to spell through their cell, by function.
 */
export function shareCells(graph: CaptureGraph, functions: readonly CodeUnderWay[]): Map<Ref, FreeVariable[]> {
  const byBinding = new Map<Binding, Cell[]>();
  for (const { ref, changing } of functions) {
    for (const { variable, scopes } of changing) {
      if (!variable.binding) continue;
      const cells = byBinding.get(variable.binding) ?? [];
      byBinding.set(variable.binding, cells);
      const cell = cells.find((one) => sameScopes(one.scopes, scopes));
      if (cell) cell.uses.push({ ref, variable });
      else cells.push({ scopes, uses: [{ ref, variable }] });
    }
  }
  const shared = new Map<Ref, FreeVariable[]>();
  for (const cell of [...byBinding.values()].flat()) {
    if (cell.uses.length < 2 || !cell.uses.some(({ variable }) => variable.assigned)) continue;
    const first = graph.nodes[cell.uses[0]!.ref] as CodeNode;
    const value = first.variables.find(([name]) => name === cell.uses[0]!.variable.name)?.[1];
    if (value === undefined) continue;
    const node = graph.add({ kind: 'cell', value });
    for (const { ref, variable } of cell.uses) {
      const code = graph.nodes[ref] as CodeNode;
      const variables = code.variables.map(([name, at]) => [name, name === variable.name ? node : at] as const);
      graph.nodes[ref] = { ...code, variables };
      shared.set(ref, [...(shared.get(ref) ?? []), variable]);
    }
  }
  return shared;
}
