/** Finding MPIs and building the addon for them: what `par mpi build` and `par doctor` are made of. */
export {
  ADDON,
  type BuildRecord,
  type Candidate,
  cacheFolder as addonCacheFolder,
  candidates as discoverAddons,
  localFolder as addonLocalFolder,
} from '../addon/candidates.ts';
export { type Loaded, loadAddon } from '../addon/load.ts';
export { type Family, type Launch, launchOf } from '../launcher.ts';
export { type Built, buildAddon, compileCommand } from './compile.ts';
export { discoverLaunchers, type Launcher } from './launchers.ts';
export { type BadWrapper, discoverWrappers, inspectWrapper, type Wrapper } from './wrappers.ts';
