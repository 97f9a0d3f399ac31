import { fileURLToPath } from 'node:url';
import { conformance } from '@par/comm-core/conformance';

const par = fileURLToPath(new URL('../dist/bin.js', import.meta.url));

// The transport's own suite runs every size; these are for what the launcher adds: environment, output, exit, lost ranks.
conformance({
  name: 'par run',
  capabilities: { detectsMismatch: true, survivesPeerLoss: true },
  communicators: 'in turn',
  sizes: [3],
  setup: (size, purpose) => ({
    launch: (program) => ({
      command: process.execPath,
      args: [par, 'run', '-np', `${size}`, ...(purpose === 'peer-loss' ? ['--on-fail', 'wait'] : []), ...program],
    }),
  }),
});
