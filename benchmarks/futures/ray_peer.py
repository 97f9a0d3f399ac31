"""Ray on this machine with two worker processes: `ray_peer.py SIZE…`."""

import logging
import sys
from itertools import count

import ray
from workload import LATENCY_CALLS, RESULT_BYTES, RESULTS, TREE_LEAVES, add, block, echo, rate, report, seconds

numbers = count()


def several(n):
    return [next(numbers) for _ in range(n)]


def run_map(n):
    args = several(n)
    assert ray.get([remote_echo.remote(i) for i in args]) == args


def run_tree():
    leaves = several(TREE_LEAVES)
    level = [remote_echo.remote(i) for i in leaves]
    while len(level) > 1:
        level = [remote_add.remote(a, b) for a, b in zip(level[0::2], level[1::2])]
    assert ray.get(level[0]) == sum(leaves)


def run_results():
    blocks = ray.get([remote_block.remote(i, RESULT_BYTES) for i in range(RESULTS)])
    assert all(len(one) == RESULT_BYTES for one in blocks)


if __name__ == "__main__":
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        logging_level=logging.ERROR,
        object_store_memory=10**9,
        _node_ip_address="127.0.0.1",
    )
    remote_echo, remote_add, remote_block = ray.remote(echo), ray.remote(add), ray.remote(block)
    run_map(1000)
    for n in map(int, sys.argv[1:]):
        report(f"map {n}", [rate(n, run_map, n) for _ in range(5 if n <= 1000 else 1)])
    report("latency", [seconds(lambda: ray.get(remote_echo.remote(next(numbers)))) * 1e6 for _ in range(LATENCY_CALLS)])
    report("tree", [rate(2 * TREE_LEAVES - 1, run_tree) for _ in range(3)])
    report("results", [rate(RESULTS, run_results) for _ in range(3)])
    ray.shutdown()
