import { conformanceOf } from './conformance.ts';
import { SYSTEM_MPIS } from './mpis.ts';

conformanceOf(SYSTEM_MPIS.filter(({ family }) => family === 'mpich'));
