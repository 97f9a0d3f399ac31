import { spawnSync } from 'node:child_process';
import { checks } from './checks.mjs';

for (const check of checks) {
  console.log(`== ${check.name}`);
  const { status } = spawnSync(check.command, check.args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
