import { join } from 'node:path';
import { CONFORMANCE_SIZES, conformance } from '@par/comm-core/conformance';

const launcher = join(import.meta.dirname, 'programs/launch.ts');

// A job of one rank has no sockets, and 9 ranks over TCP show what 8 do.
const FAMILIES = { unix: CONFORMANCE_SIZES, tcp: [2, 3, 4, 5, 9] };

for (const [family, sizes] of Object.entries(FAMILIES)) {
  conformance({
    name: family,
    sizes,
    capabilities: { detectsMismatch: true, survivesPeerLoss: true },
    communicators: 'in turn',
    setup: (size) => ({
      launch: (program) => ({
        command: process.execPath,
        args: [launcher, `${size}`, ...program],
        env: { PAR_TCP_FAMILY: family },
      }),
    }),
  });
}
