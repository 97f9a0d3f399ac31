import { parentPort } from 'node:worker_threads';
import { capture, rebuild, type ShippedFunction } from '../../../src/closures/index.ts';

parentPort!.once('message', async (shipped: ShippedFunction) => {
  const multiply = await rebuild<(x: number) => number>(shipped);
  const product = multiply(7);
  parentPort!.postMessage({ product, shipped: capture((x: number) => [product, x]) });
});
