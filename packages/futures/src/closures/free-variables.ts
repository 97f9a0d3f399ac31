import type { AnyNode } from 'acorn';
import type { Binding, Feature, Reference } from './bindings.ts';
import type { FunctionSource } from './source.ts';

/** A name a function uses and does not declare. */
export interface FreeVariable {
  readonly name: string;
  /** Undefined when nothing in the script declares it: a global, or a parameter of a module wrapper. */
  readonly binding: Binding | undefined;
  readonly references: readonly Reference[];
  readonly assigned: boolean;
}

/** What a function's text needs from outside itself. */
export interface FreeUses {
  readonly variables: readonly FreeVariable[];
  /** Uses whose owner is outside the text. */
  readonly features: readonly Feature[];
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

function within(inner: Range, outer: Range): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}

function firstAtOrAfter(references: readonly Reference[], offset: number): number {
  let low = 0;
  let high = references.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (references[middle]!.node.start < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether the function's text declares this variable; its own name counts for classes and named expressions. */
function declaredInside(binding: Binding | undefined, source: FunctionSource): boolean {
  return binding !== undefined && within(binding.scope.node, source);
}

/** Free variables and outward-reaching uses in `source`, leaving out what lies in `blanked`. */
export function freeUses(source: FunctionSource, blanked: readonly Range[]): FreeUses {
  const { references, features } = source.script.analysis;
  const kept = (node: AnyNode): boolean => within(node, source) && !blanked.some((range) => within(node, range));
  const groups = new Map<Binding | string, Reference[]>();
  for (let index = firstAtOrAfter(references, source.start); index < references.length; index += 1) {
    const reference = references[index]!;
    if (reference.node.start >= source.end) break;
    if (!kept(reference.node) || declaredInside(reference.binding, source)) continue;
    const key = reference.binding ?? reference.node.name;
    const group = groups.get(key);
    if (group) group.push(reference);
    else groups.set(key, [reference]);
  }
  const variables = [...groups.values()].map((group): FreeVariable => {
    const first = group[0]!;
    return {
      name: first.node.name,
      binding: first.binding,
      references: group,
      assigned: group.some((reference) => reference.write),
    };
  });
  return {
    variables,
    features: features.filter((feature) => kept(feature.node) && !within(feature.owner, source)),
  };
}
