// The two commands of the README, on a machine that has only Node (18 or later) and npm.
// pnpm is fetched through npx at the version package.json pins; the workspace then brings its own Node.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checks } from './checks.mjs';
import { installMpiWheels } from './mpi-wheels.mjs';
import { installSystemPackages } from './system-packages.mjs';
import { addons, conclude, runChecks, runTests } from './test.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pnpm = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager;
const env = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: '1',
  PATH: join(root, 'node_modules', '.bin') + delimiter + process.env.PATH,
};
for (const key of Object.keys(env)) if (key.toLowerCase().startsWith('npm_')) delete env[key];

async function run(command, args) {
  const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' });
  const [status, signal] = await once(child, 'exit');
  if (status !== 0) process.exit(status ?? 128 + (signal === 'SIGINT' ? 2 : 15));
}

const compile = (...tasks) => run('turbo', ['run', ...tasks, '--output-logs=errors-only']);

const steps = {
  setup: () => run('npx', ['--yes', pnpm, 'install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=warn']),
  build: async () => {
    await steps.setup();
    await compile('build', 'build:addons');
  },
  check: async () => {
    await steps.build();
    await run('node', ['scripts/check.mjs']);
  },
  test: async () => {
    // What waits for the network does so together; what needs none of it goes on meanwhile.
    const system = installSystemPackages();
    const installed = Promise.all([system, system.then(installMpiWheels)]);
    await steps.setup();
    await compile('build');
    const options = { cwd: root, env };
    const built = installed.then(async (all) => {
      if (!all.every(Boolean) && process.env.CI) process.exit(1);
      await runChecks(addons, options);
    });
    await Promise.all([built, runChecks(checks, options), runTests(['before-installed', 'alone'], options)]);
    await runTests(['packages', 'testbed'], options);
    conclude();
  },
  demo: async () => {
    await steps.build();
    await run('node', ['examples/demo.mjs']);
  },
};

const step = steps[process.argv[2]];
if (!step) {
  process.stderr.write(`usage: node scripts/workspace.mjs ${Object.keys(steps).join('|')}\n`);
  process.exit(125);
}
await step();
