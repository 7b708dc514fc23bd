"""Many threads of many processes log to one run: nothing is lost, and nothing is there twice."""

from support.client_programs import FOLDER, run
from support.millrace_server import VENV
from support.rest import Rest


def test_processes_and_threads_log_to_one_run(millrace):
    rest = Rest(millrace)
    processes, threads, count = 4, 4, 20
    workers, points = processes * threads, processes * threads * count
    experiment = rest.ok("POST", "experiments/create", {"name": "parallel"})["experiment_id"]
    run_id = rest.ok("POST", "runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
    run([VENV / "bin" / "python", FOLDER / "parallel_program.py", run_id, processes, threads, count], millrace)

    def history(key):
        answer = rest.ok("GET", f"metrics/get-history?run_id={run_id}&metric_key={key}")
        return [metric["value"] for metric in answer["metrics"]]

    assert history("single") == history("batch") == list(range(points))
    for worker in range(workers):
        assert history(f"of_{worker}") == list(range(count))
    data = rest.ok("GET", f"runs/get?run_id={run_id}")["run"]["data"]
    assert {param["key"]: param["value"] for param in data["params"]} == {
        "same": "for all", **{f"p{worker}": str(worker) for worker in range(workers)}}
    latest = {metric["key"]: metric["value"] for metric in data["metrics"]}
    assert latest == {"single": points - 1, "batch": points - 1,
                      **{f"of_{worker}": count - 1 for worker in range(workers)}}
    assert {f"t{worker}" for worker in range(workers)} <= {tag["key"] for tag in data["tags"]}
    children = rest.ok("POST", "runs/search", {"experiment_ids": [experiment],
                                               "filter": f"tags.`mlflow.parentRunId` = '{run_id}'"})["runs"]
    assert sorted(one["info"]["run_name"] for one in children) == sorted(f"child {n}" for n in range(workers))
    assert all(one["info"]["status"] == "FINISHED" for one in children)
