import { conformanceOf } from './conformance.ts';
import { MPIS } from './mpis.ts';

conformanceOf(MPIS.filter(({ family }) => family === 'openmpi'));
