"""Logs to one run from several processes, each with several threads.

Usage: parallel_program.py RUN_ID PROCESSES THREADS COUNT; every point's value is its own.
"""

import multiprocessing
import sys
from concurrent.futures import ThreadPoolExecutor

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag


def log(client, run_id, worker, count):
    for number in range(count):
        at = worker * count + number
        client.log_metric(run_id, "single", at, timestamp=at, step=at)
    client.log_batch(run_id, [Metric("batch", at, at, at) for at in range(worker * count, (worker + 1) * count)])
    client.log_batch(run_id, [Metric(f"of_{worker}", number, number, 0) for number in range(count)],
                     [Param(f"p{worker}", str(worker)), Param("same", "for all")],
                     [RunTag(f"t{worker}", str(worker)), RunTag("last", str(worker))])
    child = client.create_run(client.get_run(run_id).info.experiment_id, tags={"mlflow.parentRunId": run_id},
                              run_name=f"child {worker}")
    client.log_param(child.info.run_id, "worker", worker)
    client.set_terminated(child.info.run_id)


def process(run_id, first, threads, count):
    client = MlflowClient()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda thread: log(client, run_id, first + thread, count), range(threads)))


if __name__ == "__main__":
    run_id, (processes, threads, count) = sys.argv[1], map(int, sys.argv[2:])
    context = multiprocessing.get_context("fork")  # the import of mlflow takes seconds
    started = [context.Process(target=process, args=(run_id, number * threads, threads, count))
               for number in range(processes)]
    for one in started:
        one.start()
    for one in started:
        one.join()
    sys.exit(any(one.exitcode for one in started))
