#!/usr/bin/env node
// Must load on any Node that knows `import`, so that an old one gets the sentence below and not a syntax error:
// nothing is imported statically, and main.ts only after the check.
const version = process.versions.node;
const [major = 0, minor = 0] = version.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 18) || (major === 23 && minor < 6)) {
  process.stderr.write(
    `par: Node ${version} is too old, par needs 22.18 or newer: get one with "npm install node@24" in your project, ` +
      '"nvm install 24", or from https://nodejs.org/en/download\n',
  );
  process.exit(125);
}

import('./main.ts').then(
  async ({ main }) => process.exit(await main(process.argv.slice(2))),
  (error) => {
    process.stderr.write(`par: ${String(error?.stack ?? error)}\n`);
    process.exit(125);
  },
);
