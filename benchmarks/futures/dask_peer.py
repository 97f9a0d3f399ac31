"""Dask: `dask_peer.py local SIZE…` starts a LocalCluster, `dask_peer.py mpi SIZE…` is for four ranks of mpirun."""

import sys
from itertools import count

from dask.distributed import Client, LocalCluster
from workload import LATENCY_CALLS, RESULT_BYTES, RESULTS, TREE_LEAVES, add, block, echo, rate, report, seconds

numbers = count()


def several(n):
    return [next(numbers) for _ in range(n)]


def run_map(client, n):
    args = several(n)
    assert client.gather(client.map(echo, args)) == args


def run_tree(client):
    leaves = several(TREE_LEAVES)
    level = client.map(echo, leaves)
    while len(level) > 1:
        level = client.map(add, level[0::2], level[1::2])
    assert level[0].result() == sum(leaves)


def run_results(client):
    blocks = client.gather(client.map(block, several(RESULTS), [RESULT_BYTES] * RESULTS))
    assert all(len(one) == RESULT_BYTES for one in blocks)


def measure(client, sizes):
    client.wait_for_workers(2)
    run_map(client, 1000)
    for n in sizes:
        report(f"map {n}", [rate(n, run_map, client, n) for _ in range(5 if n <= 1000 else 1)])
    calls = [seconds(lambda: client.submit(echo, next(numbers)).result()) * 1e6 for _ in range(LATENCY_CALLS)]
    report("latency", calls)
    report("tree", [rate(2 * TREE_LEAVES - 1, run_tree, client) for _ in range(2)])
    report("results", [rate(RESULTS, run_results, client) for _ in range(3)])


if __name__ == "__main__":
    sizes = [int(size) for size in sys.argv[2:]]
    if sys.argv[1] == "mpi":
        from dask_mpi import initialize

        initialize(nthreads=1, interface="lo", dashboard=False)
        with Client() as client:
            measure(client, sizes)
    else:
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
            measure(client, sizes)
