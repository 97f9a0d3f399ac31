import { parentPort } from 'node:worker_threads';
import { init } from '../../../src/init.ts';

const error = await init().catch((reason: Error & { code?: string }) => reason);
parentPort!.postMessage({ code: (error as { code?: string }).code, message: (error as Error).message });
