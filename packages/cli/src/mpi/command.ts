import { isDeepStrictEqual } from 'node:util';
import type { RankPlan } from '../run/rank-process.ts';
import type { MpiLauncher } from './choose.ts';

/** Ranks in a row that run the same program: an application context of the launcher. */
interface Context {
  readonly plan: RankPlan;
  count: number;
}

function contextsOf(plans: readonly RankPlan[]): Context[] {
  const contexts: Context[] = [];
  for (const plan of plans) {
    const last = contexts.at(-1);
    if (last && same(last.plan, plan)) last.count++;
    else contexts.push({ plan, count: 1 });
  }
  return contexts;
}

function same(a: RankPlan, b: RankPlan): boolean {
  const { rank: _a, stdin: _in, ...ofA } = a;
  const { rank: _b, stdin: _out, ...ofB } = b;
  return isDeepStrictEqual(ofA, ofB);
}

/** Open MPI 5 starts its ranks through PRTE and takes its options. */
function isPrte({ name, version }: MpiLauncher): boolean {
  return name.includes('prte') || Number.parseInt(version, 10) >= 5;
}

export interface LauncherCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface CommandOptions {
  readonly launcher: MpiLauncher;
  readonly plans: readonly RankPlan[];
  /** Put in front of each rank's program. */
  readonly wrapper: readonly string[];
  /** Where the launcher runs. */
  readonly cwd: string;
  /** The user is root, whom Open MPI refuses otherwise. */
  readonly root: boolean;
  /** Folder for the launcher's own files, removed with the job. */
  readonly directory: string | undefined;
}

/**
 * par's options in the words of Open MPI's mpirun (4 and 5) or of MPICH's mpiexec (Hydra). More ranks than cores are always
 * allowed and nothing is bound to a core: V8's helper threads need others. What all ranks have in their environment is the
 * launcher's own, which both pass on.
 */
export function launcherCommand(options: CommandOptions): LauncherCommand {
  const { launcher, plans, root, directory } = options;
  const contexts = contextsOf(plans);
  const shared = contexts[0]!.plan.env;
  const openmpi = launcher.family === 'openmpi';
  return {
    file: launcher.path,
    args: [
      ...(openmpi ? openMpiOptions(launcher) : ['-bind-to', 'none']),
      ...contexts.flatMap((context, i) => [...(i > 0 ? [':'] : []), ...contextArguments(context, shared, options)]),
    ],
    env: { ...shared, ...(openmpi ? openMpiEnvironment(root, directory) : {}) },
  };
}

function openMpiOptions(launcher: MpiLauncher): string[] {
  const placement = isPrte(launcher) ? ['--map-by', ':OVERSUBSCRIBE'] : ['--oversubscribe'];
  return [...placement, '--bind-to', 'none'];
}

function openMpiEnvironment(root: boolean, directory: string | undefined): Record<string, string> {
  const allowed = ['OMPI_ALLOW_RUN_AS_ROOT', 'PRTE_ALLOW_RUN_AS_ROOT'].flatMap((name) => [name, `${name}_CONFIRM`]);
  return {
    ...(directory === undefined ? {} : { OMPI_MCA_orte_tmpdir_base: directory, PRTE_MCA_prte_tmpdir_base: directory }),
    ...(root ? Object.fromEntries(allowed.map((name) => [name, '1'])) : {}),
  };
}

function contextArguments(
  { plan, count }: Context,
  shared: RankPlan['env'],
  { launcher, wrapper, cwd }: CommandOptions,
): string[] {
  const openmpi = launcher.family === 'openmpi';
  const own = Object.entries(plan.env).filter(([name, value]) => shared[name] !== value);
  const environment = own.flatMap(([name, value]) => (openmpi ? ['-x', `${name}=${value}`] : ['-env', name, value]));
  const directory = plan.cwd === cwd ? [] : [openmpi ? '--wdir' : '-wdir', plan.cwd];
  return ['-np', String(count), ...environment, ...directory, ...wrapper, plan.file, ...plan.args];
}
