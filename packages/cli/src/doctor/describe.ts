import type { DoctorReport, LauncherMatch } from './doctor.ts';

const GIB = 2 ** 30;

const TRAP = `A program started by the launcher of another MPI than its addon's would find itself alone, N times: par stops with
PAR_ENVIRONMENT then. par run --transport mpi takes the launcher that belongs to an addon; MPIEXEC names another one.`;

const MATCH_WORDS: Record<LauncherMatch['match'], (addon: string | undefined) => string> = {
  'same release': (addon) => `matches ${addon}`,
  'other release': (addon) => `the same MPI in another release than ${addon}`,
  perhaps: (addon) => `perhaps for ${addon}`,
  none: () => 'NO addon for it',
};

/** What `par doctor` prints. */
export function describeReport(report: DoctorReport): string {
  const { par, node, os, cores, memory, detection, tcp, mpi, addons, wrappers, launchers } = report;
  const hints = [...(os.container ? ['in a container'] : []), ...(os.root ? ['as root'] : [])];
  const found =
    'problem' in detection
      ? detection.problem
      : `row "${detection.row}", transport ${detection.transport}: ${detection.reason}`;
  return [
    `par        ${par.version} (${par.path})`,
    `node       ${node.version} (${node.path})`,
    `system     ${[os.name, `host ${os.host}`, ...hints].join(', ')}`,
    `cores      ${cores.available} available of ${cores.total}`,
    `memory     ${(memory.free / GIB).toFixed(1)} GiB free of ${(memory.total / GIB).toFixed(1)}`,
    `detection  ${found}`,
    `tcp        ${tcp ? 'installed' : 'not installed: npm install @par/transport-tcp'}`,
    `mpi        ${mpi ?? 'not installed: npm install @par/transport-mpi'}`,
    ...(mpi === undefined ? [] : ['', ...mpiLines(addons, wrappers, launchers), '', TRAP]),
    '',
  ].join('\n');
}

function mpiLines(
  addons: DoctorReport['addons'],
  wrappers: DoctorReport['wrappers'],
  launchers: DoctorReport['launchers'],
): string[] {
  const none = (lines: string[], text: string): string[] => (lines.length > 0 ? lines : [`  ${text}`]);
  return [
    'addons',
    ...none(
      addons.flatMap(({ path, origin, builtFor, mpi, problem, launchers: fitting }) => [
        `  ${path} (${[origin, ...(builtFor ? [`built for ${builtFor}`] : [])].join(', ')})`,
        mpi
          ? `    loads: ${mpi.library}, standard ${mpi.version}, thread level ${mpi.threadLevel}`
          : `    does NOT load: ${problem}`,
        fitting.length > 0 ? `    started by ${fitting.join(', ')}` : '    NO launcher of this MPI was found',
      ]),
      'none: par mpi build',
    ),
    'compiler wrappers',
    ...none(
      wrappers.map(({ path, library, problem, built }) => {
        if (problem !== undefined) return `  ${path}: of no use: ${problem}`;
        return `  ${path}: ${library}, ${built ? 'addon built' : 'NO addon: par mpi build'}`;
      }),
      'none: install libopenmpi-dev or libmpich-dev (Debian), or load an MPI module',
    ),
    'launchers',
    ...none(
      launchers.map(
        ({ path, family, version, addon, match }) => `  ${path}: ${family} ${version}, ${MATCH_WORDS[match](addon)}`,
      ),
      'none on PATH',
    ),
  ];
}
