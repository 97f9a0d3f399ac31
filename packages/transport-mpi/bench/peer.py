# The measurements of rank.ts that mpi4py has a like for: one JSON line each from rank 0, microseconds per operation.
# Argument: see there.
import json
import os
import sys
from mpi4py import MPI

world = MPI.COMM_WORLD
rank, size = world.rank, world.size
REPETITIONS = 21
ONLY = sys.argv[1] if len(sys.argv) > 1 else ''
SHARE = 100 if size > len(os.sched_getaffinity(0)) else 1


def measure(name, run, iterations, divisor):
    if ONLY not in name:
        return
    iterations = -(-iterations // SHARE)
    for _ in range(iterations // 4 + 1):
        run()
    times = []
    for _ in range(REPETITIONS):
        world.Barrier()
        start = MPI.Wtime()
        for _ in range(iterations):
            run()
        times.append((MPI.Wtime() - start) / iterations / divisor * 1e6)
    times.sort()
    if rank == 0:
        print(json.dumps({'name': name, 'median': times[REPETITIONS // 2], 'best': times[0], 'worst': times[-1]}))


def pingpong(buffer):
    def run():
        if rank == 0:
            world.Send(buffer, dest=1)
            world.Recv(buffer, source=1)
        elif rank == 1:
            world.Recv(buffer, source=0)
            world.Send(buffer, dest=0)
    return run


def values(value):
    def run():
        if rank == 0:
            world.send(value, dest=1)
            world.recv(source=1)
        elif rank == 1:
            world.recv(source=0)
            world.send(value, dest=0)
    return run


def allreduce(n):
    send, recv = bytearray(n), bytearray(n)
    return lambda: world.Allreduce([send, MPI.DOUBLE], [recv, MPI.DOUBLE])


if size <= 4:
    measure('buffer 8 B one way', pingpong(bytearray(8)), 2000, 2)
    measure('value one way', values({'a': 1, 'b': 'two', 'c': [1, 2, 3]}), 1000, 2)
    measure('allreduce value', lambda: world.allreduce(1), 500, 1)
measure('allreduce 8 B', allreduce(8), 2000, 1)
