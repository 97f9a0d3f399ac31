export { createCartesian } from './cartesian.ts';
export { computeDims } from './compute-dims.ts';
export { createDistGraph, createDistGraphAdjacent } from './dist-graph.ts';
export { createGraph } from './graph.ts';
