"""What test_swap.py writes to tracking, and every read of it: pairs of a path and a body (None: a GET)."""

import json
from urllib.parse import quote

from support.rest import Rest

API = "/api/2.0/mlflow"
AJAX = "/ajax-api/2.0/mlflow"


def write(server, mark):
    """Fills an experiment of a name with `mark`: runs with all that a run has, and logged models."""
    rest = Rest(server)

    def post(path, **body):
        return rest.ok("POST", path, body)

    experiment = post("experiments/create", name=f"{mark} Größe ✓", tags=[{"key": "naïve", "value": "ÿ\t'"}],
                      artifact_location=f"s3://bucket/{mark}")["experiment_id"]
    post("experiments/set-experiment-tag", experiment_id=experiment, key="by", value=mark)
    gone = post("experiments/create", name=f"{mark} gone")["experiment_id"]
    post("runs/create", experiment_id=gone, start_time=1, run_name="of the deleted")
    post("experiments/delete", experiment_id=gone)
    post("experiments/update", experiment_id=post("experiments/create", name=f"{mark} before")["experiment_id"],
         new_name=f"{mark} after")
    made = [write_run(post, experiment, mark, number) for number in range(5)]
    post("runs/delete", run_id=made[3])
    for number in range(2):
        model = post("logged-models", experiment_id=experiment, name=f"{mark} model {number}", source_run_id=made[0],
                     model_type="agent", params=[{"key": "p", "value": "1"}],
                     tags=[{"key": "t", "value": "é"}])["model"]["info"]["model_id"]
        post("runs/outputs", run_id=made[0], models=[{"model_id": model, "step": number}])
        post("runs/log-inputs", run_id=made[1], models=[{"model_id": model}])
        post("runs/log-metric", run_id=made[0], key="acc", value=0.1 + number, timestamp=50, step=number,
             model_id=model, dataset_name="train", dataset_digest="d")
        if number:
            rest.ok("PATCH", f"logged-models/{model}", {"model_id": model, "status": "LOGGED_MODEL_READY"})
            rest.ok("PATCH", f"logged-models/{model}/tags", {"tags": [{"key": "t", "value": "changed"}]})
    rest.close()


def write_run(post, experiment, mark, number):
    run_id = post("runs/create", experiment_id=experiment, start_time=100 + number, run_name=f"run {number}",
                  user_id="ann", tags=[{"key": "zuletzt", "value": "ü"}, {"key": "a", "value": mark}]
                  )["run"]["info"]["run_id"]
    post("runs/log-batch", run_id=run_id,
         metrics=[{"key": key, "value": value, "timestamp": at, "step": -at} for key in ("loss", "acc/ü")
                  for at, value in enumerate((1e-17, "NaN", "Infinity", -0.5, 1 / 3, number))],
         params=[{"key": key, "value": f"{number}"} for key in ("lr", "depth", "a b")],
         tags=[{"key": f"t{one}", "value": "✓"} for one in range(4)])
    for step in (3, 1, 2):
        post("runs/log-metric", run_id=run_id, key="loss", value=step / 7, timestamp=step, step=step)
    post("runs/log-parameter", run_id=run_id, key="late", value="'")
    post("runs/set-tag", run_id=run_id, key="mlflow.runName", value=f"{mark} renamed {number}")
    post("runs/delete-tag", run_id=run_id, key="t2")
    dataset = {"name": "train", "digest": "d", "source_type": "local", "source": '{"uri": "/x"}', "schema": "{}"}
    post("runs/log-inputs", run_id=run_id, datasets=[
        {"dataset": dataset, "tags": [{"key": "mlflow.data.context", "value": "training"}]},
        {"dataset": {**dataset, "name": f"test {number}"}, "tags": []}])
    if number:
        post("runs/update", run_id=run_id, status=("FINISHED", "FAILED")[number % 2], end_time=1_000)
    return run_id


def reads(server, marks):
    """Every read of tracking that says something about what `write` wrote. Ids are found out at `server`."""
    rest = Rest(server)
    experiments = [one["experiment_id"] for one in rest.ok(
        "POST", "experiments/search", {"max_results": 1000, "view_type": "ALL"})["experiments"]]
    runs = [one["info"]["run_id"] for one in rest.ok(
        "POST", "runs/search", {"experiment_ids": experiments, "run_view_type": "ALL"})["runs"]]
    models = [one["info"]["model_id"] for one in rest.ok(
        "POST", "logged-models/search", {"experiment_ids": experiments})["models"]]
    rest.close()
    assert len(runs) == 7 * len(marks) and len(models) == 2 * len(marks)

    for experiment in [*experiments, "987654"]:
        yield f"{API}/experiments/get?experiment_id={experiment}", None
    for mark in marks:
        for name in ("Größe ✓", "gone", "before", "after"):
            yield f"{API}/experiments/get-by-name?experiment_name={quote(f'{mark} {name}')}", None
    for body in ({}, {"view_type": "ALL"}, {"view_type": "DELETED_ONLY"}, {"max_results": 2},
                 {"filter": "tags.by LIKE '%s%'"}, {"order_by": ["name DESC"]}, {"filter": "nonsense"}):
        yield f"{API}/experiments/search", {"max_results": 1000, **body}
    for run_id in runs:
        yield f"{API}/runs/get?run_id={run_id}", None
        for key in ("loss", quote("acc/ü"), "acc", "nobody"):
            yield f"{API}/metrics/get-history?run_id={run_id}&metric_key={key}", None
    some = "&".join(f"run_ids={run_id}" for run_id in runs)
    yield f"{API}/metrics/get-history-bulk-interval?{some}&metric_key=loss&max_results=4", None
    yield f"{AJAX}/metrics/get-history-bulk?{some.replace('run_ids', 'run_id')}&metric_key=loss", None
    yield f"{AJAX}/experiments/search-datasets", {"experiment_ids": experiments[:20]}
    for body in searches_of_runs():
        yield f"{API}/runs/search", {"experiment_ids": experiments, **body}
    for model in [*models, "m-0123456789abcdef0123456789abcdef"]:
        yield f"{API}/logged-models/{model}", None
    for body in ({}, {"max_results": 1}, {"filter": "params.p = '1' AND metrics.acc > 1"},
                 {"datasets": [{"dataset_name": "train", "dataset_digest": "d"}]},
                 {"order_by": [{"field_name": "name", "ascending": False}]}):
        yield f"{API}/logged-models/search", {"experiment_ids": experiments, **body}


def searches_of_runs():
    yield from ({}, {"run_view_type": "ALL"}, {"run_view_type": "DELETED_ONLY"}, {"max_results": 3}, {"filter": "no"})
    for text in ("metrics.loss > 0.1", "params.lr = '1'", "tags.a LIKE '%s%'", "status = 'FINISHED'",
                 "datasets.name = 'test 2'", "run_name ILIKE '%RENAMED 1'"):
        yield {"filter": text}
    for order in ("metrics.loss", "metrics.`acc/ü` DESC", "params.lr DESC", "tags.a", "end_time"):
        yield {"order_by": [order]}


def ask(server, path, body):
    """Status, content type and body."""
    return server.get(path) if body is None else server.post(path, json.dumps(body).encode())
