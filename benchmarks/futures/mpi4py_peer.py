"""mpi4py.futures on three ranks, one master and two workers: `mpirun -np 3 python -m mpi4py.futures mpi4py_peer.py SIZE…`."""

import sys

from mpi4py.futures import MPIPoolExecutor
from workload import LATENCY_CALLS, RESULT_BYTES, RESULTS, TREE_LEAVES, add, block, echo, rate, report, seconds


def run_map(executor, n, chunksize):
    assert list(executor.map(echo, range(n), chunksize=chunksize)) == list(range(n))


def run_tree(executor):
    level = list(executor.map(echo, range(TREE_LEAVES)))
    while len(level) > 1:
        level = list(executor.map(add, level[0::2], level[1::2]))
    assert level == [sum(range(TREE_LEAVES))]


def run_results(executor):
    blocks = executor.map(block, range(RESULTS), [RESULT_BYTES] * RESULTS)
    assert all(len(one) == RESULT_BYTES for one in blocks)


if __name__ == "__main__":
    with MPIPoolExecutor() as executor:
        run_map(executor, 1000, 1)
        for n in map(int, sys.argv[1:]):
            report(f"map {n}", [rate(n, run_map, executor, n, 1) for _ in range(5 if n <= 10_000 else 1)])
            report(f"chunks {n}", [rate(n, run_map, executor, n, 100) for _ in range(5)])
        report("latency", [seconds(lambda: executor.submit(echo, 1).result()) * 1e6 for _ in range(LATENCY_CALLS)])
        report("tree", [rate(2 * TREE_LEAVES - 1, run_tree, executor) for _ in range(3)])
        report("results", [rate(RESULTS, run_results, executor) for _ in range(3)])
