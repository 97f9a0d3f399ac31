import { extname } from 'node:path';
import { quote } from '../command-line/quote.ts';
import type { SubmitRequest } from './request.ts';

const SCRIPTS = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']);

/** The job script: directives of the scheduler, modules, environment, and the command. `par`: path of par's own program. */
export function jobScript(request: SubmitRequest, node: string, par: string): string {
  const { modules, environment } = request;
  return [
    '#!/bin/bash',
    ...(request.scheduler === 'slurm' ? slurmDirectives(request) : pbsDirectives(request)),
    'set -e',
    `cd ${quote(request.directory)}`,
    ...modules.map((name) => `module load ${name}`),
    ...environment.map(([name, value]) => `export ${name}=${quote(value)}`),
    `exec ${command(request, node, par).map(quote).join(' ')}`,
    '',
  ].join('\n');
}

function slurmDirectives({ name, nodes, ppn, timeMs, log, queue, account }: SubmitRequest): string[] {
  const settings = [
    `--job-name=${name}`,
    `--nodes=${nodes}`,
    `--ntasks-per-node=${ppn}`,
    `--output=${log ?? `${name}.%j.out`}`,
    ...(timeMs === undefined ? [] : [`--time=${clock(timeMs)}`]),
    ...(queue === undefined ? [] : [`--partition=${queue}`]),
    ...(account === undefined ? [] : [`--account=${account}`]),
  ];
  return settings.map((setting) => `#SBATCH ${setting}`);
}

function pbsDirectives({ name, nodes, ppn, timeMs, log, queue, account }: SubmitRequest): string[] {
  const settings = [
    `-N ${name}`,
    `-l select=${nodes}:ncpus=${ppn}:mpiprocs=${ppn}`,
    '-j oe',
    ...(log === undefined ? [] : [`-o ${log}`]),
    ...(timeMs === undefined ? [] : [`-l walltime=${clock(timeMs)}`]),
    ...(queue === undefined ? [] : [`-q ${queue}`]),
    ...(account === undefined ? [] : [`-A ${account}`]),
  ];
  return settings.map((setting) => `#PBS ${setting}`);
}

/** Ranks as many as the allocation has slots: par run and srun find them by themselves. */
function command({ launcher, command: words }: SubmitRequest, node: string, par: string): string[] {
  if (launcher === 'par') return [node, par, 'run', '--', ...words];
  // Over MPI, ranks would wait for ever for one that ends before it has called init.
  const srun = ['srun', '--kill-on-bad-exit'];
  return SCRIPTS.has(extname(words[0])) ? [...srun, node, ...words] : [...srun, ...words];
}

/** Hours, minutes and seconds, rounded up: 01:30:00. */
function clock(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
