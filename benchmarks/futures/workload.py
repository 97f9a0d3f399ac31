"""The same figures from Python's peers: one line of JSON each, as par.ts prints them."""

import json
import time

LATENCY_CALLS = 200
TREE_LEAVES = 1_024
RESULTS = 100
RESULT_BYTES = 1_000_000


def echo(i):
    return i


def add(a, b):
    return a + b


def block(i, size):
    return bytes([i % 256]) * size


def report(name, values):
    ordered = sorted(values)

    def at(share):
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    figure = {"name": name, "median": at(0.5), "p99": at(0.99), "repetitions": len(values)}
    print(json.dumps(figure), flush=True)


def seconds(function, *args):
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def rate(count, function, *args):
    """Tasks per second."""
    return count / seconds(function, *args)
