import { readFileSync } from 'node:fs';
import { Agent } from './agent.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

new Agent(version);
