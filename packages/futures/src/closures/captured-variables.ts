import type { Binding } from './bindings.ts';
import type { FreeVariable } from './free-variables.ts';
import { type FunctionPlan, planOf } from './function-plan.ts';
import { type FunctionView, type ScopeValues, viewFunction } from './scopes.ts';
import { scriptOf, scriptUrl } from './scripts.ts';
import { locateFunction } from './source.ts';

/** Where a free variable's value was found. */
export type CapturedVariable = { readonly variable: FreeVariable } & (
  | {
      readonly found: 'value';
      readonly value: unknown;
      readonly scopes: readonly ScopeValues[];
      readonly stable: boolean;
    }
  | { readonly found: 'uninitialised' }
  | { readonly found: 'global' }
);

/** What is known of a function object. */
export type FunctionRecord =
  | Extract<FunctionView, { kind: 'bound' }>
  /** Without source of its own; `url` is a `node:` URL for JavaScript inside Node. */
  | { readonly kind: 'native'; readonly url: string }
  | {
      readonly kind: 'source';
      readonly plan: FunctionPlan;
      /** The variables' values now. */
      read(): { variables: readonly CapturedVariable[]; privateStatics: ReadonlyMap<string, unknown> };
    };

const records = new WeakMap<object, FunctionRecord>();
const sourceText = Function.prototype.toString;

/** Look a function up, through the inspector the first time. */
export function recordOf(fn: object): FunctionRecord {
  let record = records.get(fn);
  if (!record) {
    record = makeRecord(fn);
    records.set(fn, record);
  }
  return record;
}

function makeRecord(fn: object): FunctionRecord {
  const view = viewFunction(fn);
  if (view.kind === 'bound') return view;
  if (!view.location) return { kind: 'native', url: '' };
  const { scriptId } = view.location;
  const url = scriptUrl(scriptId);
  if (url.startsWith('node:')) return { kind: 'native', url };
  const script = scriptOf(scriptId);
  const source = script && locateFunction(script, view.location, sourceText.call(fn));
  if (!source) return { kind: 'native', url };
  return sourceRecord(fn, planOf(source), view);
}

/**
 * Whether a variable that has a value keeps it: it is never assigned besides its initialiser, and that has run. A `var` is
 * undefined before its initialiser runs.
 */
function neverChanges(binding: Binding | undefined, value: unknown): boolean {
  if (!binding) return true;
  if (binding.writes > 0) return false;
  return binding.kind !== 'var' || value !== undefined;
}

function find(variable: FreeVariable, scopes: readonly ScopeValues[]): CapturedVariable {
  for (const [depth, scope] of scopes.entries()) {
    let property: PropertyDescriptor | undefined;
    try {
      property = Object.getOwnPropertyDescriptor(scope, variable.name);
    } catch {
      return { variable, found: 'uninitialised' }; // The inspector throws a ReferenceError, as reading it would.
    }
    if (!property) continue;
    const value: unknown = property.value;
    const stable = neverChanges(variable.binding, value);
    return { variable, found: 'value', value, scopes: scopes.slice(depth), stable };
  }
  return { variable, found: 'global' };
}

function sourceRecord(fn: object, plan: FunctionPlan, first: Extract<FunctionView, { kind: 'plain' }>): FunctionRecord {
  const settled = new Map<FreeVariable, CapturedVariable>();
  const alwaysRead = (plan.class?.privateStatics.length ?? 0) > 0;
  let view: Extract<FunctionView, { kind: 'plain' }> | undefined = first;
  const nothing: ReadonlyMap<string, unknown> = new Map();
  return {
    kind: 'source',
    plan,
    read() {
      let privateStatics = nothing;
      if (alwaysRead || settled.size < plan.variables.length) {
        const now = view ?? (viewFunction(fn) as Extract<FunctionView, { kind: 'plain' }>);
        view = undefined;
        privateStatics = now.privateStatics;
        const variables = plan.variables.map((variable) => {
          const known = settled.get(variable);
          if (known) return known;
          const captured = find(variable, now.scopes);
          const keeps =
            captured.found === 'value'
              ? captured.stable
              : captured.found === 'global' && variable.binding === undefined;
          if (keeps) settled.set(variable, captured);
          return captured;
        });
        return { variables, privateStatics };
      }
      view = undefined;
      return { variables: plan.variables.map((variable) => settled.get(variable)!), privateStatics };
    },
  };
}
