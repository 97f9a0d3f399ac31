import { rebuild, type ShippedFunction } from '../../src/closures/index.ts';

interface Request {
  readonly id: number;
  readonly shipped: ShippedFunction;
  readonly args: readonly unknown[];
}

process.on('message', async ({ id, shipped, args }: Request) => {
  try {
    const fn = await rebuild<(...args: unknown[]) => unknown>(shipped, { restore: (value) => ({ restored: value }) });
    process.send!({ id, value: await fn(...args) });
  } catch (error) {
    const { name, message, stack, code } = error as Error & { code?: string };
    process.send!({ id, error: { name, message, stack, code } });
  }
});
