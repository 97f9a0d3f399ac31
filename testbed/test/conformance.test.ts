import { conformance } from '@par/comm-core/conformance';
import { describeSlurm, slurm } from './cluster.ts';

/** Without par's launcher; which ranks share a host differs from all other suites. */
describeSlurm('three nodes with two tasks each', () => {
  // Not MPICH: in C too, Debian's (4.0.2 over UCX's TCP) deadlocks now and then in MPI_Finalize when its ranks are on several hosts.
  const kinds = [
    { name: 'srun', options: [], transport: 'tcp' },
    { name: 'srun --mpi=pmix, Open MPI', options: ['--mpi=pmix'], transport: 'mpi' },
  ];
  for (const { name, options, transport } of kinds) {
    const sockets = transport === 'tcp';
    conformance({
      name,
      capabilities: { detectsMismatch: sockets, survivesPeerLoss: sockets },
      communicators: 'in turn',
      sizes: [6],
      setup: () => ({
        launch: (program) => ({
          ...slurm.atLogin(['srun', '-N3', '--ntasks-per-node=2', ...options, process.execPath, ...program]),
          env: {
            ...slurm.env,
            PAR_TRANSPORT: transport,
            // The nodes have the same cores: a rank whose loop turns takes them from the ranks of another.
            PAR_SPIN: '0',
            PAR_TRANSPORT_MODULE: import.meta.resolve(`@par/transport-${transport}`),
          },
        }),
      }),
    });
  }
});
