import { join } from 'node:path';
import { conformance } from '@par/comm-core/conformance';

const launcher = join(import.meta.dirname, 'programs/launch.ts');

for (const [family, communicators] of [
  ['unix', 'all'],
  ['tcp', 'in turn'],
] as const) {
  conformance({
    name: family,
    capabilities: { detectsMismatch: true, survivesPeerLoss: true },
    communicators,
    setup: (size) => ({
      launch: (program) => ({
        command: process.execPath,
        args: [launcher, `${size}`, ...program],
        env: { PAR_TCP_FAMILY: family },
      }),
    }),
  });
}
