import { conformanceOf } from './conformance.ts';
import { WHEEL_MPIS } from './mpis.ts';

conformanceOf(WHEEL_MPIS.filter(({ family }) => family === 'mpich'));
