import { rmSync } from 'node:fs';
import { worldOf } from '@par/comm-core';
import type * as Tcp from '@par/transport-tcp';
import { LOCAL_LAYOUT, LOCAL_RANKS, type MemberSettings } from './member-settings.ts';
import { runRole } from './run-role.ts';

// Program of the processes of a local cluster: scheduler and workers.

const settings = JSON.parse(process.env.PAR_LOCAL_CLUSTER!) as MemberSettings;
const rank = Number(process.env.PAR_RANK);
for (const name of ['PAR_LOCAL_CLUSTER', 'PAR_RANK', 'PAR_SIZE']) delete process.env[name];

let ended = false;
/** The script is gone: nothing this process could still do is of use. */
function orphaned(): void {
  if (ended) return;
  ended = true;
  rmSync(settings.directory, { recursive: true, force: true });
  process.exit(0);
}
process.stdin.on('end', orphaned).on('error', orphaned).resume();
(process.stdin as unknown as { unref(): void }).unref();

const { connectTransport, optionsFromEnvironment } = (await import(settings.transportUrl)) as typeof Tcp;
const options = optionsFromEnvironment({ rank, size: LOCAL_RANKS }, process.env);
const transport = await connectTransport(options).catch(async (error) => {
  // When the script has ended meanwhile, the end of standard input was sent before anything else was taken away.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  throw error;
});
transport.onFailure((_, lost) => {
  if (lost < 0 || lost === LOCAL_LAYOUT.client) orphaned();
});
const { scheduler, client, others } = LOCAL_LAYOUT;
const workers = rank === scheduler ? Array.from({ length: settings.workers }, (_, i) => others + i) : [rank];
// The job is the layer's alone, and ranks that join later can take part in no collective of the world.
await runRole(
  worldOf(transport),
  { scheduler, client, workers },
  {
    spillDirectory: settings.directory,
    ranksOnHost: settings.workers,
    ...settings.role,
  },
  { more: 'alike' },
);
ended = true;
await transport.close();
process.exit(0);
