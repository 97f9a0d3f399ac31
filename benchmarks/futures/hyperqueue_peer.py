"""HyperQueue with one worker of two cores: `hyperqueue_peer.py SIZE…`. Its tasks are processes, here `true`."""

import sys

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig
from workload import rate, report


def run_map(client, n):
    job = Job(default_workdir="/tmp")
    for _ in range(n):
        job.program(["true"], stdout=None, stderr=None)
    # Looks once a second, so only long maps say something.
    client.wait_for_jobs([client.submit(job)])


if __name__ == "__main__":
    with LocalCluster() as cluster:
        cluster.start_worker(WorkerConfig(cores=2))
        client = cluster.client()
        run_map(client, 100)
        for n in map(int, sys.argv[1:]):
            report(f"map {n}", [rate(n, run_map, client, n) for _ in range(3)])
