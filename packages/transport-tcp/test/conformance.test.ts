import { join } from 'node:path';
import { conformance } from '@par/comm-core/conformance';

const launcher = join(import.meta.dirname, 'programs/launch.ts');

for (const family of ['unix', 'tcp']) {
  conformance({
    name: family,
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
