import { ArgumentRangeError, ParError } from '../errors.ts';
import {
  type Consideration,
  DETECTION_ROWS,
  type Detection,
  type DetectionRow,
  type DetectOptions,
  type Environment,
  type TransportName,
} from './detection.ts';
import { ROWS, type Row, type RowVariables } from './rows.ts';

type Place = Pick<Detection, 'rank' | 'size' | 'localRank' | 'localSize'>;

const ALONE: Place = { rank: 0, size: 1, localRank: 0, localSize: 1 };

/** Whether a row's variables are there: then which of its variants, otherwise why not. */
type Presence = { readonly variables: RowVariables } | { readonly absent: string; readonly partly: boolean };

/**
 * Which rank this process is, from explicit options or else the variables a launcher set in `env` (not necessarily
 * process.env). All numbers come from one row of the table; PAR_DETECT names a row to use, PAR_TRANSPORT a transport.
 * Throws PAR_ENVIRONMENT if the row's variables contradict each other, PAR_RANK for bad options.
 */
export function detect(env: Environment, options: DetectOptions = {}): Detection {
  const explicit = explicitPlace(options);
  const presences = new Map(ROWS.map((row) => [row, presenceOf(row, env)]));
  const forced = explicit === undefined ? forcedRow(env) : undefined;
  const row = explicit ? 'explicit' : (forced ?? firstPresent(presences) ?? 'single');
  const entry = ROWS.find((candidate) => candidate.row === row);
  return {
    row,
    ...(explicit ?? (entry ? placeOf(entry, presences.get(entry)!, env) : ALONE)),
    transport: transportOf(env, entry ? impliedBy(entry, env) : row === 'explicit' ? 'tcp' : 'memory'),
    considered: considerations(row, presences, forced !== undefined),
    hints: row === 'single' ? hintsFor(env, presences) : [],
  };
}

function explicitPlace({ rank, size, localRank, localSize }: DetectOptions): Place | undefined {
  if (rank === undefined && size === undefined) return undefined;
  if (!isCount(size) || size < 1) {
    throw new ArgumentRangeError(
      'PAR_RANK',
      `options: size is ${size}, but must be an integer ≥ 1, given together with rank`,
    );
  }
  if (!isCount(rank) || rank >= size) {
    throw new ArgumentRangeError('PAR_RANK', `options: rank is ${rank}, but must be an integer from 0 to ${size - 1}`);
  }
  return { rank, size, localRank, localSize };
}

function isCount(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && value! >= 0;
}

function presenceOf({ variants, reject }: Row, env: Environment): Presence {
  const isSet = (name: string) => env[name] !== undefined && env[name] !== '';
  const variables = variants.find(({ required }) => required.every(isSet));
  if (variables !== undefined) {
    const rejected = reject?.(env);
    return rejected === undefined ? { variables } : { absent: rejected, partly: true };
  }
  const [closest] = variants.toSorted((a, b) => b.required.filter(isSet).length - a.required.filter(isSet).length);
  const found = closest!.required.filter(isSet);
  const missing = closest!.required.filter((name) => !isSet(name));
  const absent = `${list(missing)} ${missing.length === 1 ? 'is' : 'are'} not set`;
  if (found.length === 0) return { absent, partly: false };
  return { absent: `${absent}, only ${list(found)}`, partly: true };
}

function forcedRow(env: Environment): DetectionRow | undefined {
  const name = env.PAR_DETECT;
  if (name === undefined || name === '') return undefined;
  const row = DETECTION_ROWS.find((candidate) => candidate === name);
  if (row !== undefined && row !== 'explicit') return row;
  const names = DETECTION_ROWS.filter((candidate) => candidate !== 'explicit').join(', ');
  throw new ParError('PAR_ENVIRONMENT', `PAR_DETECT is ${JSON.stringify(name)}, but must be one of ${names}`);
}

function firstPresent(presences: ReadonlyMap<Row, Presence>): DetectionRow | undefined {
  for (const [{ row }, presence] of presences) if ('variables' in presence) return row;
  return undefined;
}

function placeOf(row: Row, presence: Presence, env: Environment): Place {
  if (!('variables' in presence)) {
    throw new ParError(
      'PAR_ENVIRONMENT',
      `PAR_DETECT=${row.row}, but ${presence.absent}; start the program with that launcher, or unset PAR_DETECT`,
    );
  }
  const { variables } = presence;
  const rank = numberOf(env, variables.rank, row);
  const size = variables.size === undefined ? undefined : numberOf(env, variables.size, row);
  const localRank = optionalNumberOf(env, variables.localRank, row);
  const localSize = row.localSize?.(env) ?? optionalNumberOf(env, variables.localSize, row);
  if (size !== undefined && rank >= size) {
    throw contradiction(row, `${variables.rank}=${rank} is not below ${variables.size}=${size}`);
  }
  if (localRank !== undefined && localSize !== undefined && localRank >= localSize) {
    throw contradiction(row, `${variables.localRank}=${localRank}, but this host has ${localSize} ranks`);
  }
  if (localSize !== undefined && size !== undefined && localSize > size) {
    throw contradiction(row, `this host has ${localSize} ranks of only ${size}`);
  }
  return { rank, size, localRank, localSize };
}

function numberOf(env: Environment, name: string, row: Row): number {
  const text = env[name]!;
  const number = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  if (number === undefined) throw contradiction(row, `${name}=${text} is no whole number`);
  return number;
}

function optionalNumberOf(env: Environment, name: string | undefined, row: Row): number | undefined {
  return name === undefined || !env[name] ? undefined : numberOf(env, name, row);
}

function contradiction({ row }: Row, why: string): ParError {
  return new ParError(
    'PAR_ENVIRONMENT',
    `the environment of launcher '${row}' makes no sense: ${why}; if it is left over, unset it or choose another row with PAR_DETECT (par env shows them)`,
  );
}

function impliedBy({ transport }: Row, env: Environment): TransportName {
  return typeof transport === 'function' ? transport(env) : transport;
}

function transportOf(env: Environment, implied: TransportName): TransportName {
  const name = env.PAR_TRANSPORT;
  if (name === undefined || name === '' || name === 'auto') return implied;
  if (name === 'memory' || name === 'tcp' || name === 'mpi') return name;
  throw new ParError(
    'PAR_ENVIRONMENT',
    `PAR_TRANSPORT is ${JSON.stringify(name)}, but must be auto, memory, tcp or mpi`,
  );
}

function considerations(chosen: DetectionRow, presences: ReadonlyMap<Row, Presence>, forced: boolean): Consideration[] {
  const position = DETECTION_ROWS.indexOf(chosen);
  return DETECTION_ROWS.map((row, i) => {
    const entry = ROWS.find((candidate) => candidate.row === row);
    const presence = entry && presences.get(entry)!;
    const present = presence ? 'variables' in presence : row === chosen || row === 'single';
    let reason: string;
    if (row === chosen) {
      reason = forced ? 'PAR_DETECT asks for it' : reasonFor(row, presence);
    } else if (row === 'explicit') {
      reason = 'no rank and size were given';
    } else if (presence && !('variables' in presence)) {
      reason = presence.absent;
    } else {
      reason = forced && i < position ? `PAR_DETECT asks for ${chosen}` : `${chosen} comes first`;
    }
    return { row, present, chosen: row === chosen, reason };
  });
}

function reasonFor(row: DetectionRow, presence: Presence | undefined): string {
  if (row === 'explicit') return 'rank and size were given';
  if (presence && 'variables' in presence) return `${list(presence.variables.required)} are set`;
  return 'no launcher’s variables are set';
}

/** Schedulers whose allocation alone starts nothing. */
const ALLOCATIONS = [
  ['SLURM_JOB_ID', 'Slurm job', 'srun node <script>, or par run <script>'],
  ['PBS_JOBID', 'PBS job', 'mpiexec node <script>, or par run <script>'],
  ['LSB_JOBID', 'LSF job', 'jsrun or mpirun node <script>, or par run <script>'],
  ['COBALT_JOBID', 'Cobalt job', 'aprun or mpiexec node <script>, or par run <script>'],
] as const;

function hintsFor(env: Environment, presences: ReadonlyMap<Row, Presence>): string[] {
  const hints: string[] = ALLOCATIONS.filter(([variable]) => env[variable]).map(
    ([variable, name, remedy]) =>
      `this process runs alone inside ${name} ${env[variable]}: to start ranks on its hosts use ${remedy}`,
  );
  for (const [{ row }, presence] of presences) {
    // RANK or SLURM_JOB_ID alone say nothing about a launcher.
    if (row === 'torch' || row === 'slurm' || row === 'pals') continue;
    if ('absent' in presence && presence.partly)
      hints.push(`variables of launcher '${row}' are incomplete: ${presence.absent}`);
  }
  return hints;
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
