# Rank 0 of a job whose other rank runs par: the same as foreign.c, in mpi4py.
import sys
from array import array
from mpi4py import MPI

world = MPI.COMM_WORLD
failures = 0


def check(holds):
    global failures
    failures += not holds


# Par's collectives are MPI's nonblocking forms, which never match blocking ones. The buffers have names: mpi4py 3 lets
# go of those that have none while MPI still reads them.
KINDS = [
    ('b', MPI.INT8_T), ('B', MPI.UINT8_T), ('h', MPI.INT16_T), ('H', MPI.UINT16_T), ('i', MPI.INT32_T),
    ('I', MPI.UINT32_T), ('q', MPI.INT64_T), ('Q', MPI.UINT64_T), ('f', MPI.FLOAT), ('d', MPI.DOUBLE), ('B', MPI.UINT8_T),
]
for tag, (code, datatype) in enumerate(KINDS, 1):
    values = array(code, [0] * 5)
    world.Recv([values, 5, datatype], source=1, tag=tag)
    check(list(values) == [i + tag for i in range(5)])
    doubled = array(code, [2 * v for v in values])
    world.Send([doubled, 5, datatype], dest=1, tag=tag)
    world.Iallreduce([doubled, 5, datatype], [values, 5, datatype], op=MPI.SUM).Wait()
    check(list(values) == [3 * (i + tag) for i in range(5)])
# 1, 2 and -2 as half floats, which MPI has no type for.
half = array('H', [0, 0, 0])
world.Recv([half, 3, MPI.UINT16_T], source=1, tag=12)
check(list(half) == [0x3C00, 0x4000, 0xC000])
world.Send([half, 3, MPI.UINT16_T], dest=1, tag=12)

world.Ibarrier().Wait()
told = array('i', [7, 8, 9])
world.Ibcast([told, MPI.INT32_T], root=0).Wait()
world.Ibcast([told, MPI.INT32_T], root=1).Wait()
check(list(told) == [-7, -8, -9])
one, everyone = array('q', [100]), array('q', [0, 0])
world.Iallgather([one, MPI.INT64_T], [everyone, 1, MPI.INT64_T]).Wait()
check(list(everyone) == [100, 200])
part, gathered = array('h', [3]), array('h', [0, 0, 0])
world.Igatherv([part, MPI.INT16_T], [gathered, [1, 2], [0, 1], MPI.INT16_T], root=0).Wait()
check(list(gathered) == [3, 4, 5])
scattered = array('f', [0])
world.Iscatterv(None, [scattered, MPI.FLOAT], root=1).Wait()
check(scattered[0] == 0.5)
given, received = array('B', [10, 11]), array('B', [0, 0])
world.Ialltoallv([given, [1, 1], [0, 1], MPI.UINT8_T], [received, [1, 1], [0, 1], MPI.UINT8_T]).Wait()
check(list(received) == [10, 20])
top, most = array('I', [5]), array('I', [0])
world.Ireduce([top, MPI.UINT32_T], [most, MPI.UINT32_T], op=MPI.MAX, root=0).Wait()
check(most[0] == 6)
three, mine = array('i', [1, 2, 3]), array('i', [0])
world.Ireduce_scatter([three, MPI.INT32_T], [mine, MPI.INT32_T], recvcounts=[1, 2], op=MPI.SUM).Wait()
check(mine[0] == 11)
running, before = array('d', [1.5]), array('d', [0])
world.Iscan([running, MPI.DOUBLE], [before, MPI.DOUBLE], op=MPI.SUM).Wait()
check(before[0] == 1.5)
world.Iexscan([running, MPI.DOUBLE], [before, MPI.DOUBLE], op=MPI.SUM).Wait()

# In one write: print makes two, between which the launcher may put another rank's line.
sys.stdout.write(f'foreign rank: {failures} failures\n')
sys.stdout.flush()
raise SystemExit(1 if failures else 0)
