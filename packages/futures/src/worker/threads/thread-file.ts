/** The program of task threads: beside the sources when they run as they are, an entry of its own in the package. */
export function threadFile(): URL {
  const here = import.meta.url;
  if (here.endsWith('.ts')) return new URL('../thread.ts', here);
  const root = here.lastIndexOf('/dist/');
  return new URL(`${here.slice(0, root)}/dist/worker/thread.js`);
}
