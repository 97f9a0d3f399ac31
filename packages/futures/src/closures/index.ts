export { capture } from './capture.ts';
export type { CaptureOptions } from './capture-graph.ts';
export type { ShippedFunction, ShippedNode } from './description.ts';
export { NotShippableError, RebuildError } from './errors.ts';
export { type RebuildOptions, rebuild } from './rebuild.ts';
export { FunctionRegistry } from './registry.ts';
