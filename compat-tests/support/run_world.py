"""Runs made by MLflow's own store, with metrics, params, tags and datasets that searches stumble over."""

import random
from types import SimpleNamespace

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunStatus, RunTag
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

METRICS = ["loss", "Loss", "acc", "val loss", "a.b", "start_time"]
PARAMS = ["lr", "LR", "opt", "batch size", "é", "run_name"]
TAGS = ["team", "Team", "mlflow.runName", "a b", "stage"]
TEXTS = ["x", "X", "xy", "", "0.1", "one", "One", "é", "É", "%", "a_b", "x'y", "100%", "\U0001F600"]
VALUES = [0.0, 0.5, 1.0, -1.0, float("nan"), float("inf"), float("-inf"), 1e-9, 3.0, 0.25]
DATASETS = [("train", "d1"), ("train", "d2"), ("Train", "d1"), ("eval", "d3"), ("a%b", "x'y")]
CONTEXTS = ["training", "Training", "eval", "", None]


def _metrics(source):
    return [Metric(key, source.choice(VALUES), source.choice([1, 2]), step)
            for key in METRICS if source.random() < 0.5 for step in range(source.choice([1, 1, 3]))]


def _inputs(source):
    inputs = []
    for name, digest in source.sample(DATASETS, source.choice([0, 0, 1, 1, 2])):
        context = source.choice(CONTEXTS)
        tags = [] if context is None else [InputTag("mlflow.data.context", context)]
        inputs.append(DatasetInput(Dataset(name, digest, "local", "{}"), [*tags, InputTag("other", "eval")]))
    return inputs


def make_run_world(folder, count=60):
    """Two experiments, 1 and 2, with `count` runs each, and what a search may name."""
    store = SqlAlchemyStore(f"sqlite:///{folder}/tracking.db", "mlflow-artifacts:/")
    source = random.Random(11)
    run_ids = []
    for experiment in (store.create_experiment("first"), store.create_experiment("second")):
        for number in range(count):
            tags = [RunTag(key, source.choice(TEXTS)) for key in TAGS
                    if key != "mlflow.runName" and source.random() < 0.4]
            name = source.choice(["one", "One", "two", "three", "a_b"])
            run = store.create_run(experiment, source.choice(["u1", "U1", "", "u2"]), 1000 + number // 3, tags, name)
            run_ids.append(run.info.run_id)
            params = [Param(key, source.choice(TEXTS)) for key in PARAMS if source.random() < 0.4]
            store.log_batch(run.info.run_id, _metrics(source), params, [])
            store.log_inputs(run.info.run_id, _inputs(source))
            if source.random() < 0.5:
                status = source.choice([RunStatus.FINISHED, RunStatus.FAILED])
                store.update_run_info(run.info.run_id, status, source.choice([0, 1000 + number]), None)
            if source.random() < 0.1:
                store.delete_run(run.info.run_id)
    return SimpleNamespace(store=store, metrics=METRICS, params=PARAMS, tags=TAGS, texts=TEXTS, run_ids=run_ids[::9],
                           datasets=["train", "Train", "eval", "d1", "d2", "training", "Training", "a%b", "x'y", ""])
