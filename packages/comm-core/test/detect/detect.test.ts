import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DETECTION_ROWS, type DetectionRow, detect, type Environment } from '../../src/detect/index.ts';

/** A complete environment of each launcher, rank 1 of 4. */
const LAUNCHERS: Record<Exclude<DetectionRow, 'explicit' | 'single'>, Environment> = {
  par: {
    PAR_RANK: '1',
    PAR_SIZE: '4',
    PAR_LOCAL_RANK: '1',
    PAR_LOCAL_SIZE: '2',
    PAR_APPNUM: '0',
    PAR_RENDEZVOUS: 'unix:/tmp/par/socket',
    PAR_JOB: 'j1',
    PAR_SECRET: 'secret',
  },
  ompi: {
    OMPI_COMM_WORLD_RANK: '1',
    OMPI_COMM_WORLD_SIZE: '4',
    OMPI_COMM_WORLD_LOCAL_RANK: '1',
    OMPI_COMM_WORLD_LOCAL_SIZE: '2',
  },
  jsm: {
    JSM_NAMESPACE_RANK: '1',
    JSM_NAMESPACE_SIZE: '4',
    JSM_NAMESPACE_LOCAL_RANK: '1',
    JSM_NAMESPACE_LOCAL_SIZE: '2',
  },
  mvapich: {
    MV2_COMM_WORLD_RANK: '1',
    MV2_COMM_WORLD_SIZE: '4',
    MV2_COMM_WORLD_LOCAL_RANK: '1',
    MV2_COMM_WORLD_LOCAL_SIZE: '2',
  },
  pals: { PALS_RANKID: '1', PMI_SIZE: '4', PALS_LOCAL_RANKID: '1', PMI_LOCAL_SIZE: '2' },
  flux: { FLUX_TASK_RANK: '1', FLUX_JOB_SIZE: '4', FLUX_TASK_LOCAL_ID: '1' },
  pmi: { PMI_RANK: '1', PMI_SIZE: '4', MPI_LOCALRANKID: '1', MPI_LOCALNRANKS: '2' },
  slurm: {
    SLURM_JOB_ID: '77',
    SLURM_STEP_ID: '0',
    SLURM_PROCID: '1',
    SLURM_NTASKS: '9',
    SLURM_STEP_NUM_TASKS: '4',
    SLURM_STEP_NODELIST: 'n[1-2]',
    SLURM_LOCALID: '1',
    SLURM_NODEID: '0',
    SLURM_STEP_TASKS_PER_NODE: '2(x2)',
  },
  pmix: { PMIX_RANK: '1', PMIX_NAMESPACE: 'ns' },
  torch: {
    RANK: '1',
    WORLD_SIZE: '4',
    MASTER_ADDR: '127.0.0.1',
    MASTER_PORT: '29500',
    LOCAL_RANK: '1',
    LOCAL_WORLD_SIZE: '2',
  },
};
type Launcher = keyof typeof LAUNCHERS;
const NAMES = Object.keys(LAUNCHERS) as Launcher[];

describe('each row alone', () => {
  it.each<[Launcher, number | undefined, number | undefined, number | undefined, string]>([
    ['par', 4, 1, 2, 'tcp'],
    ['ompi', 4, 1, 2, 'mpi'],
    ['jsm', 4, 1, 2, 'mpi'],
    ['mvapich', 4, 1, 2, 'mpi'],
    ['pals', 4, 1, 2, 'mpi'],
    ['flux', 4, 1, undefined, 'tcp'],
    ['pmi', 4, 1, 2, 'mpi'],
    ['slurm', 4, 1, 2, 'tcp'],
    ['pmix', undefined, undefined, undefined, 'mpi'],
    ['torch', 4, 1, 2, 'tcp'],
  ])('%s: size %s, local rank %s of %s, transport %s', (row, size, localRank, localSize, transport) => {
    expect(detect(LAUNCHERS[row])).toMatchObject({ row, rank: 1, size, localRank, localSize, transport, hints: [] });
  });

  it('nothing: rank 0 of 1 in memory, without hints', () => {
    expect(detect({ HOME: '/', RANK: '3' })).toMatchObject({
      row: 'single',
      rank: 0,
      size: 1,
      localRank: 0,
      localSize: 1,
      transport: 'memory',
      hints: [],
    });
  });

  it('PMI over a port has a rank and no size', () => {
    expect(detect({ PMI_PORT: 'host:1234', PMI_ID: '2' })).toMatchObject({ row: 'pmi', rank: 2, size: undefined });
  });

  it('explicit options beat every variable', () => {
    const env = Object.assign({}, ...Object.values(LAUNCHERS), { PAR_DETECT: 'ompi' }) as Environment;
    expect(detect(env, { rank: 2, size: 3 })).toMatchObject({
      row: 'explicit',
      rank: 2,
      size: 3,
      localRank: undefined,
      transport: 'tcp',
    });
  });
});

describe('several launchers at once', () => {
  it('the first row of the table wins and gives every number', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1 }), (present) => {
        // Ranks differ per launcher, so that a mixture shows; pals and pmi share PMI_SIZE.
        const env: Record<string, string | undefined> = {};
        for (const name of present) Object.assign(env, LAUNCHERS[name]);
        const winner = NAMES.find((name) => present.includes(name))!;
        const alone = detect(LAUNCHERS[winner]);
        const found = detect(env);
        expect(found.row).toBe(winner);
        expect([found.rank, found.size, found.localRank, found.localSize]).toEqual([
          alone.rank,
          alone.size,
          alone.localRank,
          alone.localSize,
        ]);
      }),
    );
  });

  it('mpirun inside salloc: the daemon’s SLURM_PROCID is not the rank', () => {
    const env = { ...LAUNCHERS.slurm, SLURM_PROCID: '0', ...LAUNCHERS.ompi, OMPI_COMM_WORLD_RANK: '3' };
    expect(detect(env)).toMatchObject({ row: 'ompi', rank: 3, size: 4 });
  });

  it('never takes a size from another row', () => {
    const env = { OMPI_COMM_WORLD_RANK: '3', SLURM_STEP_NUM_TASKS: '8', PMI_SIZE: '8' };
    const found = detect(env);
    expect(found).toMatchObject({ row: 'single', rank: 0, size: 1 });
    expect(found.hints.join()).toContain('OMPI_COMM_WORLD_SIZE is not set');
  });

  it('needs no variable that Open MPI 5 no longer sets', () => {
    expect(detect({ OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '2' }).row).toBe('ompi');
  });
});

describe('Slurm', () => {
  it('a plain script inside sbatch -n4 is alone, and is told how to start ranks', () => {
    const batch = {
      SLURM_JOB_ID: '77',
      SLURM_PROCID: '0',
      SLURM_NTASKS: '4',
      SLURM_NPROCS: '4',
      SLURM_NODEID: '0',
      SLURM_LOCALID: '0',
      SLURM_TASKS_PER_NODE: '4',
    };
    const found = detect(batch);
    expect(found).toMatchObject({ row: 'single', rank: 0, size: 1 });
    expect(found.hints).toHaveLength(1);
    expect(found.hints[0]).toMatch(/Slurm job 77.*srun.*par run/);
  });

  it.each(['-5', '-6', '-4', '4294967291', '4294967290', '4294967292'])('step %s is no parallel program', (step) => {
    for (const name of ['SLURM_STEP_ID', 'SLURM_STEPID']) {
      const { SLURM_STEP_ID: _, ...rest } = LAUNCHERS.slurm;
      const found = detect({ ...rest, [name]: step });
      expect(found.row).toBe('single');
      expect(found.considered.find(({ row }) => row === 'slurm')).toMatchObject({ present: false, chosen: false });
      expect(found.hints.join()).toContain('srun');
    }
  });

  it('the number of tasks is the step’s, not the allocation’s', () => {
    expect(detect({ ...LAUNCHERS.slurm, SLURM_NTASKS: '64', SLURM_STEP_NUM_TASKS: '2' }).size).toBe(2);
  });

  it('ranks on this host come from this node’s entry', () => {
    const env = { ...LAUNCHERS.slurm, SLURM_STEP_NUM_TASKS: '5', SLURM_STEP_TASKS_PER_NODE: '2(x2),1' };
    expect(detect({ ...env, SLURM_NODEID: '2', SLURM_LOCALID: '0' }).localSize).toBe(1);
    expect(() => detect({ ...env, SLURM_STEP_TASKS_PER_NODE: '2(y2)' })).toThrow(/SLURM_STEP_TASKS_PER_NODE/);
  });
});

describe('validation', () => {
  it.each<[string, Environment]>([
    ['a rank that is not below the size', { ...LAUNCHERS.ompi, OMPI_COMM_WORLD_RANK: '4' }],
    ['a negative rank', { ...LAUNCHERS.ompi, OMPI_COMM_WORLD_RANK: '-1' }],
    ['a rank that is no integer', { ...LAUNCHERS.par, PAR_RANK: '1.5' }],
    ['a rank with other text', { ...LAUNCHERS.pmi, PMI_RANK: '1x' }],
    ['a rank in another notation', { ...LAUNCHERS.pmi, PMI_RANK: '0x1' }],
    ['a size of 0', { ...LAUNCHERS.flux, FLUX_TASK_RANK: '0', FLUX_JOB_SIZE: '0' }],
    ['a local rank beyond the local size', { ...LAUNCHERS.ompi, OMPI_COMM_WORLD_LOCAL_RANK: '2' }],
    ['more ranks on the host than in all', { ...LAUNCHERS.ompi, OMPI_COMM_WORLD_LOCAL_SIZE: '5' }],
    ['an unknown transport', { ...LAUNCHERS.par, PAR_TRANSPORT: 'pigeon' }],
    ['an unknown row to force', { PAR_DETECT: 'mpich' }],
    ['a row to force that is not there', { ...LAUNCHERS.slurm, PAR_DETECT: 'ompi' }],
    ['forcing what only options can give', { PAR_DETECT: 'explicit' }],
  ])('refuses %s', (_, env) => {
    expect(() => detect(env)).toThrow(expect.objectContaining({ code: 'PAR_ENVIRONMENT' }));
  });

  it.each([
    { rank: 1 },
    { size: 2 },
    { rank: 2, size: 2 },
    { rank: -1, size: 2 },
    { rank: 0.5, size: 2 },
    { rank: 0, size: 0 },
  ])('refuses options %j', (options) => {
    expect(() => detect({}, options)).toThrow(expect.objectContaining({ code: 'PAR_RANK' }));
  });

  it('takes an empty variable for one that is not set', () => {
    expect(detect({ ...LAUNCHERS.par, PAR_RENDEZVOUS: '' }).row).toBe('single');
    expect(detect({ ...LAUNCHERS.par, PAR_DETECT: '', PAR_TRANSPORT: '' }).row).toBe('par');
  });
});

describe('forcing', () => {
  it.each(NAMES)('PAR_DETECT=%s takes that row although others come first', (row) => {
    const env = Object.assign({}, ...Object.values(LAUNCHERS), { PAR_DETECT: row }) as Environment;
    expect(detect(env).row).toBe(row);
  });

  it('PAR_DETECT=single makes a rank of a launcher run alone', () => {
    expect(detect({ ...LAUNCHERS.ompi, PAR_DETECT: 'single' })).toMatchObject({ row: 'single', rank: 0, size: 1 });
  });

  it('PAR_TRANSPORT names the transport of any row', () => {
    expect(detect({ ...LAUNCHERS.ompi, PAR_TRANSPORT: 'tcp' }).transport).toBe('tcp');
    expect(detect({ ...LAUNCHERS.par, PAR_TRANSPORT: 'mpi' }).transport).toBe('mpi');
    expect(detect({ ...LAUNCHERS.par, PAR_TRANSPORT: 'auto' }).transport).toBe('tcp');
  });
});

describe('the explanation', () => {
  it('has every row in order with a reason, and one chosen', () => {
    for (const env of [{}, LAUNCHERS.ompi, { ...LAUNCHERS.slurm, ...LAUNCHERS.pmi }]) {
      const { considered, row } = detect(env);
      expect(considered.map((entry) => entry.row)).toEqual(DETECTION_ROWS);
      expect(considered.every(({ reason }) => reason.length > 0)).toBe(true);
      expect(considered.filter(({ chosen }) => chosen).map((entry) => entry.row)).toEqual([row]);
    }
  });

  it('says what is missing, what was rejected and what came first', () => {
    const { considered } = detect({ ...LAUNCHERS.pmi, ...LAUNCHERS.slurm, PAR_RANK: '0' });
    const reasonOf = (row: DetectionRow) => considered.find((entry) => entry.row === row)!.reason;
    expect(reasonOf('par')).toBe('PAR_SIZE and PAR_RENDEZVOUS are not set, only PAR_RANK');
    expect(reasonOf('ompi')).toBe('OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_SIZE are not set');
    expect(reasonOf('pmi')).toBe('PMI_RANK and PMI_SIZE are set');
    expect(reasonOf('slurm')).toBe('pmi comes first');
    expect(considered.find((entry) => entry.row === 'slurm')!.present).toBe(true);
  });

  it('does not hold the secret', () => {
    expect(JSON.stringify(detect(LAUNCHERS.par))).not.toContain('secret');
  });
});
