import { describe, expect, it } from 'vitest';
import { parRanks, translate } from '../src/among.ts';
import { coresSuffice, isCrowded, yieldsReach } from '../src/cores.ts';
import { checkNotAlone, checkStartable, launchOf } from '../src/launcher.ts';

const STEP = { SLURM_JOB_ID: '7', SLURM_PROCID: '0', SLURM_STEP_NODELIST: 'n1', SLURM_STEP_NUM_TASKS: '4' };

describe('which launcher started this rank', () => {
  it("reads Open MPI's mpirun before the Slurm step its daemon runs in", () => {
    const launch = launchOf({ ...STEP, SLURM_STEP_ID: '0', OMPI_COMM_WORLD_SIZE: '8' });
    expect([launch.family, launch.size]).toEqual(['openmpi', 8]);
  });

  it('knows by what the launcher says which Open MPI it is', () => {
    expect(launchOf({ OMPI_COMM_WORLD_SIZE: '2', OMPI_VERSION: '5.0.11' }).major).toBe(5);
    expect(launchOf({ OMPI_COMM_WORLD_SIZE: '2' }).major).toBe(4);
  });

  it('takes PMI for MPICH, PMIx for Open MPI, and a bare step for either', () => {
    expect(launchOf({ PMI_RANK: '0', PMI_SIZE: '3' })).toMatchObject({ family: 'mpich', size: 3 });
    expect(launchOf({ PMIX_RANK: '0', PMIX_NAMESPACE: 'job' })).toMatchObject({ family: 'openmpi', size: undefined });
    expect(launchOf({ ...STEP, SLURM_STEP_ID: '0' })).toMatchObject({ family: undefined, size: 4 });
  });

  it('does not take a batch script for a rank of a step', () => {
    expect(launchOf({ ...STEP, SLURM_STEP_ID: '4294967291' }).size).toBeUndefined();
    expect(launchOf({})).toMatchObject({ family: undefined, size: undefined });
  });

  it('refuses to be alone in a job of several, and only then', () => {
    const launch = launchOf({ PMI_RANK: '0', PMI_SIZE: '3' });
    expect(() => checkNotAlone(launch, 1, 'Open MPI v4.1.4, more')).toThrow(/has 3 ranks.*only this one.*mpirun/s);
    expect(() => checkNotAlone(launch, 3, 'MPICH')).not.toThrow();
    expect(() => checkNotAlone(launchOf({ PMI_RANK: '0', PMI_SIZE: '1' }), 1, 'MPICH')).not.toThrow();
  });

  it('refuses to start an MPICH without PMIx under a PMIx launcher', () => {
    const launch = launchOf({ PMIX_RANK: '0', PMIX_NAMESPACE: 'job' });
    expect(() => checkStartable(launch, 'MPICH Version: 5.0.2')).toThrow(/knows no PMIx.*MPICH Version: 5\.0\.2/s);
    expect(() => checkStartable(launch, 'MPICH Version: 5.0.2 configure: --with-pmix')).not.toThrow();
    expect(() => checkStartable(launch, 'Open MPI v5.0.11')).not.toThrow();
    expect(() => checkStartable(launchOf({ PMI_SIZE: '2' }), 'MPICH Version: 5.0.2')).not.toThrow();
  });
});

describe('PAR_MPI_RANKS', () => {
  it('lists ranks and ranges, and means everybody when it covers the job', () => {
    expect(parRanks('1-3,5', 2, 8)).toEqual([1, 2, 3, 5]);
    expect(parRanks('0-7', 2, 8)).toBeUndefined();
    expect(parRanks(undefined, 0, 2)).toBeUndefined();
  });

  it.each(['x', '1-', '3-1', '1-8', '-1', '1,,2'])('refuses %s', (list) => {
    expect(() => parRanks(list, 1, 8)).toThrow(expect.objectContaining({ code: 'PAR_ENVIRONMENT' }));
  });

  it('refuses a list without the rank that reads it', () => {
    expect(() => parRanks('0', 1, 2)).toThrow(/rank 1 runs par too/);
  });

  it('translates there and back, and names the ranks only buffers reach', () => {
    const { rankOf, memberOf } = translate([1, 3, 5]);
    expect([1, 3, 5].map(rankOf)).toEqual([0, 1, 2]);
    expect([0, 1, 2].map(memberOf)).toEqual([1, 3, 5]);
    expect(() => rankOf(2)).toThrow(/rank 2 does not run par.*sendBuffer/s);
  });
});

describe('whether ranks may poll without pause', () => {
  const place = (host: string, cores: string, parallelism = 8, group = 0) => ({ host, cores, parallelism, group });

  it('counts the cores all ranks of the host may use together, bound or not', () => {
    expect(coresSuffice([place('a', '11'), place('a', '11')], 0)).toBe(true);
    expect(coresSuffice([place('a', '1'), place('a', '01')], 0)).toBe(true);
    expect(coresSuffice([place('a', '11'), place('a', '11'), place('a', '11')], 0)).toBe(false);
    expect(coresSuffice([place('a', '1'), place('b', '1'), place('b', '1')], 0)).toBe(true);
  });

  it("respects a container's quota, and the system's count where it does not tell its cores", () => {
    expect(coresSuffice([place('a', '11111111', 2), place('a', '11111111', 2), place('a', '11111111', 2)], 0)).toBe(
      false,
    );
    expect(coresSuffice([place('a', '', 2), place('a', '', 2)], 1)).toBe(true);
  });

  it('says the same on every rank of whether any host has fewer cores than ranks', () => {
    expect(isCrowded([place('a', '11'), place('a', '11'), place('b', '1')])).toBe(false);
    expect(isCrowded([place('a', '11'), place('b', '1'), place('b', '1')])).toBe(true);
  });

  it('expects no rank of another session to get a core that is given away, unless on another host', () => {
    expect(yieldsReach([place('a', '1', 8, 7), place('a', '1', 8, 7), place('b', '1', 8, 9)], 0)).toBe(true);
    expect(yieldsReach([place('a', '1', 8, 7), place('a', '1', 8, 8)], 0)).toBe(false);
  });
});
