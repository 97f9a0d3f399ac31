/** Step of the workspace's build: an addon for every MPI found, next to the sources. No MPI is no failure. */
import { localFolder } from '../addon/candidates.ts';
import { buildAddon } from './compile.ts';
import { discoverWrappers } from './wrappers.ts';

const { found, bad } = discoverWrappers();
for (const { path, problem } of bad) console.log(`mpi: ${path} is of no use: ${problem}`);
if (found.length === 0) {
  console.log(
    'mpi: no mpicxx found, so no addon was built; install libopenmpi-dev or libmpich-dev, then: par mpi build',
  );
}
for (const wrapper of found) {
  const { path, reused } = buildAddon(wrapper, localFolder());
  console.log(`mpi: ${wrapper.library} (${wrapper.path}): ${reused ? 'up to date' : 'built'} ${path}`);
}
