"""The calls of MlflowClient and of the module's functions for tracking, in any MLflow since 2.22; no artifacts.

Run with a client's interpreter and MLFLOW_TRACKING_URI; prints the answers as JSON. What must be true
is asserted here; that nothing else differs from MLflow's own server is for who compares the output.
"""

import math

import mlflow
import mlflow.data
from call_recorder import Recorder, play
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType

MISSING, WRONG = "RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"
NOBODY = "0123456789abcdef0123456789abcdef"


def all_pages(search, *arguments, **options):
    found, sizes, token = [], [], None
    while token != "":
        page = search(*arguments, page_token=token, **options)
        found += page
        sizes.append(len(page))
        token = page.token or ""
    return found, sizes


def experiments(client, mlflow_version):
    name, renamed = f"häuser preise {mlflow_version}", f"Haus/Preise {mlflow_version}"
    made = client.create_experiment(name, tags={"team": "a", "état": "é"})
    elsewhere = client.create_experiment(f"elsewhere {mlflow_version}", artifact_location="s3://bucket/root")
    one = client.get_experiment(made)
    assert (one.name, one.lifecycle_stage, one.tags) == (name, "active", {"team": "a", "état": "é"})
    assert client.get_experiment_by_name(name).experiment_id == made
    assert client.get_experiment(elsewhere).artifact_location == "s3://bucket/root"
    assert client.get_experiment_by_name("nobody") is None
    client.refused(MISSING, "get_experiment", "987654")
    client.refused(WRONG, "get_experiment", "abc")
    client.refused("RESOURCE_ALREADY_EXISTS", "create_experiment", name)
    client.refused(WRONG, "create_experiment", "")
    client.refused(WRONG, "create_experiment", "x" * 501)

    client.set_experiment_tag(made, "team", "b")
    client.set_experiment_tag(made, "size", 12)
    client.refused(WRONG, "set_experiment_tag", made, "k" * 251, "v")
    client.refused(MISSING, "set_experiment_tag", "987654", "k", "v")
    if hasattr(mlflow.MlflowClient, "delete_experiment_tag"):
        client.delete_experiment_tag(made, "size")
        client.refused(MISSING, "delete_experiment_tag", made, "size")
    client.rename_experiment(made, renamed)
    assert client.get_experiment(made).name == renamed

    run = client.create_run(made, run_name="of the experiment")
    client.delete_experiment(made)
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    client.refused(MISSING, "delete_experiment", made)
    client.refused(WRONG, "create_run", made)
    client.refused(WRONG, "set_experiment_tag", made, "k", "v")
    client.refused("RESOURCE_ALREADY_EXISTS", "create_experiment", renamed)
    assert client.get_experiment_by_name(renamed).lifecycle_stage == "deleted"
    client.restore_experiment(made)
    client.refused(MISSING, "restore_experiment", made)
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "active"


def search_of_experiments(client, mlflow_version):
    made = [f"page {number:02} {mlflow_version}" for number in range(7)]
    ids = [client.create_experiment(name, tags={"parity": "odd" if number % 2 else "even"})
           for number, name in enumerate(made)]
    client.delete_experiment(ids[6])
    mine = f"name LIKE 'page %{mlflow_version}'"

    def names(*arguments, **options):
        return [one.name for one in client.search_experiments(*arguments, **options)]

    found, sizes = all_pages(client.search_experiments, filter_string=mine, max_results=2, order_by=["name"])
    assert [one.name for one in found] == made[:6] and sizes == [2, 2, 2]
    assert names(filter_string=f"{mine} AND tags.parity = 'odd'", order_by=["name DESC"]) == made[5::-2]
    assert names(view_type=ViewType.DELETED_ONLY, filter_string=mine) == made[6:]
    assert names(view_type=ViewType.ALL, filter_string=f"attribute.name ILIKE 'PAGE %{mlflow_version}'",
                 order_by=["name"]) == made
    assert names(filter_string=f"{mine} AND tags.parity != 'odd'", order_by=["experiment_id ASC"]) == made[0:6:2]
    assert names(filter_string=f"creation_time > 0 AND last_update_time > 0 AND name = '{made[3]}'") == made[3:4]
    client.refused(WRONG, "search_experiments", filter_string="colour = 'red'")
    client.refused(WRONG, "search_experiments", order_by=["colour"])
    client.refused(WRONG, "search_experiments", max_results=50_001)


def runs(client, mlflow_version):
    experiment = client.create_experiment(f"runs {mlflow_version}")
    run = client.create_run(experiment, start_time=1_000, run_name="erster Lauf", tags={"a": "1", "ü ber": "é"})
    run_id = run.info.run_id
    assert (run.info.status, run.info.start_time, run.info.run_name) == ("RUNNING", 1_000, "erster Lauf")
    client.create_run(experiment)  # its name is made up
    client.refused(MISSING, "create_run", "987654")
    client.refused(MISSING, "get_run", NOBODY)

    client.update_run(run_id, status="SCHEDULED")
    client.update_run(run_id, name="umbenannt")
    read = client.get_run(run_id)
    assert (read.info.status, read.info.run_name) == ("SCHEDULED", "umbenannt")
    assert read.data.tags == {"a": "1", "ü ber": "é", "mlflow.runName": "umbenannt"}
    client.set_tag(run_id, "a", "2")
    client.set_tag(run_id, "number", 3.5)
    client.set_tag(run_id, "mlflow.runName", "by its tag")
    client.set_tag(run_id, "long", "x" * 5000)
    client.delete_tag(run_id, "ü ber")
    client.refused(MISSING, "delete_tag", run_id, "ü ber")
    client.refused(WRONG, "set_tag", run_id, "k" * 251, "v")
    client.refused(WRONG, "set_tag", run_id, "a*b", "v")
    client.refused(MISSING, "set_tag", NOBODY, "a", "b")
    assert client.get_run(run_id).info.run_name == "by its tag"

    client.log_param(run_id, "lr", 0.1)
    client.log_param(run_id, "lr", "0.1")
    client.log_param(run_id, "opt/kind: x", "")
    client.refused(WRONG, "log_param", run_id, "lr", 0.2)
    client.refused(WRONG, "log_param", run_id, "../x", 1)
    client.refused(WRONG, "log_param", run_id, "k" * 251, 1)
    assert client.get_run(run_id).data.params == {"lr": "0.1", "opt/kind: x": ""}

    child = client.create_run(experiment, run_name="child", tags={"mlflow.parentRunId": run_id})
    assert client.get_parent_run(child.info.run_id).info.run_id == run_id
    assert client.get_parent_run(run_id) is None

    client.set_terminated(run_id, "FAILED", end_time=5_000)
    client.set_terminated(child.info.run_id)
    read = client.get_run(run_id).info
    assert (read.status, read.end_time) == ("FAILED", 5_000)
    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    client.delete_run(run_id)
    for call in (("log_param", run_id, "p", 1), ("log_metric", run_id, "m", 1), ("set_tag", run_id, "t", 1),
                 ("update_run", run_id, "RUNNING"), ("delete_tag", run_id, "a")):
        client.refused(WRONG, *call)
    client.restore_run(run_id)
    client.refused(MISSING, "restore_run", NOBODY)
    assert client.get_run(run_id).info.lifecycle_stage == "active"


def metrics(client, mlflow_version):
    experiment = client.create_experiment(f"metrics {mlflow_version}")
    run_id = client.create_run(experiment, start_time=1, run_name="m").info.run_id

    def history(key):
        return [(one.timestamp, one.step, one.value) for one in client.get_metric_history(run_id, key)]

    for step, value in ((0, 1.5), (2, 0.25), (1, -7), (2, 0.25)):  # the last one is there already
        client.log_metric(run_id, "loss", value, timestamp=100 + step, step=step)
    client.log_metric(run_id, "now", 1e-17)
    assert history("loss") == [(100, 0, 1.5), (101, 1, -7.0), (102, 2, 0.25)]
    assert client.get_run(run_id).data.metrics == {"loss": 0.25, "now": 1e-17}
    for step, value in enumerate((math.nan, math.inf, -math.inf, 5e-324, 1e300, -0.0, 1 / 3)):
        client.log_metric(run_id, "edge", value, timestamp=7, step=-step)
    client.get_metric_history(run_id, "edge")
    assert math.isnan(client.get_run(run_id).data.metrics["edge"])
    assert history("never logged") == []
    client.refused(WRONG, "log_metric", run_id, "a*b", 1)
    client.refused(WRONG, "log_metric", run_id, "loss", 1, timestamp=-1)
    client.refused(MISSING, "log_metric", NOBODY, "loss", 1)

    points = [Metric("long", float(number % 7), 1_000 + number % 10, number) for number in range(900)]
    client.log_batch(run_id, points, [Param(f"p{number}", str(number)) for number in range(50)],
                     [RunTag(f"t{number}", f"é{number}") for number in range(50)])
    client.log_batch(run_id, points[:10] + [Metric("long", 3.0, 5, 5)], [Param("p0", "0")], [RunTag("t0", "other")])
    client.log_batch(run_id)
    assert len(history("long")) == 901 and history("long")[0] == (5, 5, 3.0)
    data = client.get_run(run_id).data
    assert len(data.params) == 50 and data.tags["t0"] == "other" and data.metrics["long"] == 899 % 7
    client.refused(WRONG, "log_batch", run_id, params=[Param("p0", "changed")])
    client.refused(WRONG, "log_batch", run_id, params=[Param("twice", "1"), Param("twice", "1")])
    client.refused(WRONG, "log_batch", run_id, [Metric("ok", 1.0, 1, 1), Metric("a*b", 1.0, 1, 1)])
    client.refused(MISSING, "log_batch", NOBODY, points[:1])
    assert "ok" not in client.get_run(run_id).data.metrics


def search_of_runs(client, mlflow_version):
    experiment = client.create_experiment(f"search {mlflow_version}")
    other = client.create_experiment(f"search other {mlflow_version}")
    for number in range(10):
        run_id = client.create_run(experiment, start_time=100 + number, run_name=f"run {number}",
                                   tags={"parity": "odd" if number % 2 else "even"}).info.run_id
        client.log_batch(run_id, [Metric("acc", number / 10, 1, 1)], [Param("depth", str(number % 3))])
        if number % 2:
            client.log_metric(run_id, "odd only", math.nan if number == 5 else number, timestamp=1, step=1)
        if number == 9:
            client.delete_run(run_id)
        if number < 3:
            client.set_terminated(run_id, ("FINISHED", "FAILED", "KILLED")[number], end_time=200)
    client.create_run(other, start_time=500, run_name="other")

    def names(text="", *arguments, **options):
        return [run.info.run_name for run in client.search_runs([experiment], text, *arguments, **options)]

    def numbered(*numbers):
        return [f"run {number}" for number in numbers]

    assert names() == numbered(8, 7, 6, 5, 4, 3, 2, 1, 0)
    assert names("", ViewType.DELETED_ONLY) == numbered(9)
    assert names("", ViewType.ALL) == numbered(9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
    found, sizes = all_pages(client.search_runs, [experiment, other], max_results=4)
    assert sizes == [4, 4, 2] and found[0].info.run_name == "other"
    assert names("metrics.acc > 0.35 and params.depth = '0'") == numbered(6)
    assert names("metrics.acc <= 0.1") == numbered(1, 0)
    assert names("metrics.`odd only` != 3") == numbered(7, 5, 1)
    assert names("tags.parity LIKE 'o%' AND attributes.status = 'RUNNING'") == numbered(7, 5, 3)
    assert names("tag.parity ILIKE 'EV%' AND start_time >= 104") == numbered(8, 6, 4)
    assert names("params.depth != '0' AND end_time = 200") == numbered(2, 1)
    assert names("run_name = 'run 4'") == numbered(4)
    wanted = client.search_runs([experiment], "run_name = 'run 7'")[0].info.run_id
    assert names(f"run_id IN ('{wanted}', '{NOBODY}')") == numbered(7)
    assert names("tags.parity = 'nobody'") == [] and client.search_runs(["987654"]) == []
    assert names("", order_by=["metrics.`odd only` DESC", "start_time ASC"]) == numbered(7, 3, 1, 5, 0, 2, 4, 6, 8)
    assert names("", order_by=["params.depth DESC", "attributes.start_time"]) == numbered(2, 5, 8, 1, 4, 7, 0, 3, 6)
    assert names("", order_by=["tags.parity", "run_name DESC"]) == numbered(8, 6, 4, 2, 0, 7, 5, 3, 1)
    for text in ("colour = 'red'", "metrics.acc > 'x'", "params.depth = 1", "a b", "status > 'RUNNING'",
                 "metrics.acc > 1 OR metrics.acc < 0"):
        client.refused(WRONG, "search_runs", [experiment], text)
    client.refused(WRONG, "search_runs", [experiment], order_by=["colour"])
    client.refused(WRONG, "search_runs", [experiment], max_results=50_001)
    client.refused(WRONG, "search_runs", [experiment], page_token="nonsense")


def inputs(client, mlflow_version):
    experiment = client.create_experiment(f"inputs {mlflow_version}")
    first, second = (client.create_run(experiment, start_time=start, run_name=f"run {start}").info.run_id
                     for start in (1, 2))
    train = Dataset("train", "digest1", "local", '{"uri": "/data/ü.csv"}', schema='{"a": 1}', profile='{"rows": 3}')
    test = Dataset("test", "digest2", "code", "{}")
    client.log_inputs(first, [DatasetInput(train, [InputTag("mlflow.data.context", "training")]),
                              DatasetInput(test, [InputTag("mlflow.data.context", "eval"), InputTag("k", "v")])])
    client.log_inputs(first, [DatasetInput(train, [InputTag("other", "tag")])])
    client.log_inputs(second, [DatasetInput(Dataset("train", "digest1", "s3", "changed"), [])])
    assert {one.dataset.name for one in client.get_run(first).inputs.dataset_inputs} == {"train", "test"}
    assert client.get_run(second).inputs.dataset_inputs[0].dataset.source_type == "local"
    for text, number in (("dataset.name = 'train'", 2), ("dataset.context = 'eval'", 1),
                         ("datasets.digest IN ('digest2')", 1), ("dataset.name LIKE 'x%'", 0)):
        assert len(client.search_runs([experiment], text)) == number, text
    client.refused(WRONG, "log_inputs", first, [DatasetInput(Dataset("n" * 501, "d", "local", "s"), [])])
    client.refused(MISSING, "log_inputs", NOBODY, [DatasetInput(test, [])])


def logged_models(client, mlflow_version):
    from mlflow.entities import LoggedModelInput, LoggedModelOutput

    experiment = client.create_experiment(f"logged models {mlflow_version}")
    run_id = client.create_run(experiment, start_time=1, run_name="m").info.run_id
    made = client.create_logged_model(experiment, "häuser", run_id, tags={"team": "a"}, params={"lr": "0.1"},
                                      model_type="agent")
    model_id = made.model_id
    assert client.get_logged_model(model_id).status == "PENDING"
    client.create_logged_model(experiment)  # its name is made up
    client.refused(WRONG, "create_logged_model", experiment, "a/b")
    client.refused(MISSING, "create_logged_model", "987654", "x")
    client.refused(MISSING, "get_logged_model", "m-" + NOBODY)
    assert client.finalize_logged_model(model_id, "READY").status == "READY"
    client.set_logged_model_tags(model_id, {"team": "b", "zwei": "2"})
    client.delete_logged_model_tag(model_id, "zwei")
    client.refused(MISSING, "delete_logged_model_tag", model_id, "zwei")
    client.log_model_params(model_id, {"depth": "3"})

    client.log_metric(run_id, "acc", 0.5, timestamp=10, step=1, model_id=model_id)
    client.log_metric(run_id, "acc", 0.75, timestamp=11, step=2, model_id=model_id, dataset_name="train",
                      dataset_digest="digest1")
    client.log_batch(run_id, [Metric("loss", 0.1, 12, 2, model_id=model_id)])
    client.log_outputs(run_id, [LoggedModelOutput(model_id, 2)])
    client.log_inputs(run_id, models=[LoggedModelInput(model_id)])
    run = client.get_run(run_id)
    assert run.outputs.model_outputs[0].model_id == run.inputs.model_inputs[0].model_id == model_id
    read = client.get_logged_model(model_id)
    assert (read.tags["team"], read.params) == ("b", {"lr": "0.1", "depth": "3"})
    assert sorted((one.key, one.value) for one in read.metrics) == [("acc", 0.5), ("acc", 0.75), ("loss", 0.1)]

    others = [client.create_logged_model(experiment, f"other{number}", run_id, params={"lr": str(number)}).model_id
              for number in range(5)]
    for number, other in enumerate(others):
        client.log_metric(run_id, "acc", number, timestamp=20, step=number, model_id=other)
    by_name = [{"field_name": "name", "ascending": True}]

    def names(text=None, order_by=by_name, **options):
        return [one.name for one in client.search_logged_models([experiment], text, order_by=order_by, **options)]

    assert names("name LIKE 'other%'") == [f"other{number}" for number in range(5)]
    assert names("metrics.acc >= 3") == ["other3", "other4"]
    assert names("params.lr = '0.1' AND tags.team = 'b'") == ["häuser"]
    assert names("metrics.acc > 0", datasets=[{"dataset_name": "train", "dataset_digest": "digest1"}]) == ["häuser"]
    assert names("name IN ('other1', 'nobody')") == ["other1"]
    falling = [{"field_name": "metrics.acc", "ascending": False}]
    assert names("metrics.acc >= 0.75", falling) == ["other4", "other3", "other2", "other1", "häuser"]
    found, sizes = all_pages(client.search_logged_models, [experiment], "name LIKE 'other%'", max_results=2,
                             order_by=by_name)
    assert sizes == [2, 2, 1] and [one.model_id for one in found] == others
    client.refused(WRONG, "search_logged_models", [experiment], "colour.x = 'red'")
    client.refused(WRONG, "search_logged_models", [experiment], order_by=[{"field_name": "tags.team"}])

    client.delete_logged_model(others[0])
    client.refused(MISSING, "get_logged_model", others[0])
    client.refused(MISSING, "delete_logged_model", "m-" + NOBODY)
    assert names("name LIKE 'other%'") == [f"other{number}" for number in range(1, 5)]
    client.create_registered_model(f"from a model {mlflow_version}")
    client.create_model_version(f"from a model {mlflow_version}", f"models:/{model_id}", model_id=model_id)
    assert f'"from a model {mlflow_version}"' in client.get_logged_model(model_id).tags["mlflow.modelVersions"]


def module_functions(client, mlflow_version):
    """The functions of the module mlflow, as a notebook uses them."""
    fluent = Recorder(mlflow, client._seen)
    name = f"notebook {mlflow_version}"
    fluent.set_experiment(name)
    experiment = fluent.set_experiment(name).experiment_id  # now it is there
    fluent.set_experiment_tags({"kind": "notebook", "number": 3})
    with fluent.start_run(run_name="parent", description="eltern", tags={"by": "hand"}) as parent:
        fluent.log_param("lr", 0.1)
        fluent.log_params({"depth": 3, "kind": "x" * 6100})
        fluent.log_metric("acc", 0.5, step=1)
        fluent.log_metrics({"acc": 0.75, "loss": 0.1}, step=2)
        fluent.set_tag("colour", "rot")
        fluent.set_tags({"size": 3, "empty": ""})
        fluent.delete_tag("size")
        fluent.active_run()
        for number in range(3):
            with fluent.start_run(run_name=f"child {number}", nested=True):
                fluent.log_metric("acc", number)
                fluent.log_param("number", number)
        log_dataset(fluent)
    fluent.last_active_run()
    try:
        with fluent.start_run(run_name="thrown"):
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    with fluent.start_run(run_id=parent.info.run_id):  # goes on with it
        fluent.log_metric("acc", 0.9, step=3)
    read = fluent.get_run(parent.info.run_id)
    assert read.info.status == "FINISHED" and read.data.metrics == {"acc": 0.9, "loss": 0.1}
    assert len(read.data.params["kind"]) == 6000
    children = fluent.search_runs(filter_string=f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'",
                                  experiment_names=[name], order_by=["attributes.run_name"], output_format="list")
    assert [run.info.run_name for run in children] == ["child 0", "child 1", "child 2"]
    table = fluent.search_runs([experiment], order_by=["attributes.run_name DESC"])
    assert list(table["tags.mlflow.runName"]) == ["thrown", "parent", "child 2", "child 1", "child 0"]
    assert table["status"][0] == "FAILED" and table["metrics.acc"][1] == 0.9
    fluent.search_experiments(filter_string=f"name = '{name}'")
    fluent.get_experiment_by_name(name)
    fluent.delete_run(children[0].info.run_id)
    throwaway = fluent.create_experiment(f"throwaway {mlflow_version}")
    fluent.delete_experiment(throwaway)


def log_dataset(fluent):
    import pandas

    frame = pandas.DataFrame({"a": [1, 2], "ü": ["x", "y"]})
    fluent.log_input(mlflow.data.from_pandas(frame, source="s3://bucket/data.csv", name="train"), context="training")
    fluent.log_input(mlflow.data.from_pandas(frame, name="from code"), context="eval", tags={"k": "v"})


def module_functions_for_models(client, mlflow_version):
    fluent = Recorder(mlflow, client._seen)
    experiment = fluent.set_experiment(f"models of a notebook {mlflow_version}").experiment_id
    with fluent.start_run(run_name="with a model") as run:
        model = fluent.initialize_logged_model("scorer", params={"k": "v"}, model_type="agent")
        fluent.log_metric("acc", 0.5, step=1, model_id=model.model_id)
        fluent.log_metrics({"acc": 0.6, "loss": 0.2}, step=2, model_id=model.model_id)
        fluent.set_logged_model_tags(model.model_id, {"colour": "rot"})
        fluent.delete_logged_model_tag(model.model_id, "colour")
        fluent.finalize_logged_model(model.model_id, "READY")
        fluent.last_logged_model()
    assert len(fluent.get_logged_model(model.model_id).metrics) == 3
    fluent.search_logged_models([experiment], "metrics.acc > 0.55")
    fluent.search_logged_models([experiment], output_format="list")
    fluent.get_run(run.info.run_id)


if __name__ == "__main__":
    scenes = [experiments, search_of_experiments, runs, metrics, search_of_runs, inputs, module_functions]
    if not mlflow.__version__.startswith("2."):
        scenes += [logged_models, module_functions_for_models]
    play(*scenes)
