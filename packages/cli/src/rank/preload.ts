// Preloaded into every Node rank, before its program.
import { blockOnPipes } from './blocking-stdio.ts';
import { cacheCompiled } from './compile-cache.ts';

cacheCompiled(process.env);
blockOnPipes();
