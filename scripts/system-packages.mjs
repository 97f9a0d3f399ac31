// What tests need and npm cannot bring: two MPI libraries with their compilers, a Slurm, an sshd. Installed from the system's
// packages where that is possible (root on Debian); otherwise said loudly, and an error in CI.
import { spawn, spawnSync } from 'node:child_process';

const needed = [
  { command: 'mpicxx.openmpi', packages: ['openmpi-bin', 'libopenmpi-dev'] },
  { command: 'mpicxx.mpich', packages: ['mpich', 'libmpich-dev'] },
  { command: 'g++', packages: ['g++'] },
  { command: 'gfortran', packages: ['gfortran'] },
  { command: 'python3', module: 'ensurepip', packages: ['python3-venv'] },
  { command: '/usr/bin/python3', module: 'mpi4py', packages: ['python3-mpi4py'] },
  { command: 'slurmctld', packages: ['slurm-wlm'] },
  { command: 'munged', packages: ['munge'] },
  { command: 'ip', packages: ['iproute2'] },
  { command: '/usr/sbin/sshd', packages: ['openssh-server'] },
  { command: 'ssh', packages: ['openssh-client'] },
  { command: 'tcpdump', packages: ['tcpdump'] },
  { command: 'podman', packages: ['podman', 'netavark', 'aardvark-dns', 'catatonit', 'iptables'] },
  { command: 'runc', packages: ['runc'] },
];

const isThere = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
const hasModule = (python, name) =>
  spawnSync(python, ['-c', `import importlib.util, sys; sys.exit(importlib.util.find_spec('${name}') is None)`])
    .status === 0;
const missing = () =>
  needed.filter(({ command, module }) => !isThere(command) || (module !== undefined && !hasModule(command, module)));

/** Runs a command to its end, however it ends. */
function run(command, args) {
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return new Promise((resolve) => child.on('error', resolve).on('exit', resolve));
}

/** Gives false when something is missing and could not be installed. */
export async function installSystemPackages() {
  let absent = missing();
  if (absent.length > 0 && process.getuid?.() === 0 && isThere('apt-get')) {
    const names = absent.flatMap(({ packages }) => packages);
    console.log(`installing ${names.join(' ')}`);
    await run('apt-get', ['update', '-qq']);
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names]);
    absent = missing();
  }
  if (absent.length === 0) return true;
  const names = absent.flatMap(({ packages }) => packages).join(' ');
  console.log(
    `\n!! NOT TESTED: what needs ${absent.map(({ command, module }) => module ?? command).join(', ')}. On Debian or Ubuntu: sudo apt-get install ${names}\n`,
  );
  return false;
}
