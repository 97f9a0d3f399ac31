import type { ShippedNode } from './description.ts';

const origins = new WeakMap<object, ShippedNode>();

/** Remember that a value of this process came by reference, so that it leaves by the same reference. */
export function rememberOrigin(value: unknown, node: ShippedNode): void {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return;
  if (!origins.has(value)) origins.set(value, node);
}

export function originOf(value: object): ShippedNode | undefined {
  return origins.get(value);
}
