"""What many clients do at once: each answer is as if they had come one after another."""

from collections import Counter

import pytest
from support.millrace_server import WarmMlflowServer
from support.rest import Rest, together

CLIENTS = 64


@pytest.fixture
def rest(millrace):
    client = Rest(millrace)
    yield client
    client.close()


def create_version(name):
    return lambda rest: int(rest.ok("POST", "model-versions/create",
                                    {"name": name, "source": "s3://bucket/x"})["model_version"]["version"])


def stages_of(rest, name, versions):
    return [rest.ok("GET", f"model-versions/get?name={name}&version={n}")["model_version"]["current_stage"]
            for n in range(1, versions + 1)]


def test_versions_created_at_once_are_unique_and_without_gaps(millrace, rest):
    rest.ok("POST", "registered-models/create", {"name": "versions"})
    numbers = together(millrace, [create_version("versions")] * CLIENTS)
    assert sorted(numbers) == list(range(1, CLIENTS + 1))


@pytest.mark.sqlite  # on MariaDB MLflow itself gives up after three attempts beside so many writers
def test_versions_stay_unique_while_mlflow_writes_to_the_same_database(millrace, rest, tmp_path):
    rest.ok("POST", "registered-models/create", {"name": "shared"})
    with WarmMlflowServer(tmp_path, store_uri=millrace.store_uri) as other:
        ours = [create_version("shared")] * CLIENTS

        def through_mlflow(_):
            client = Rest(other)
            try:
                return [create_version("shared")(client) for _ in range(4)]
            finally:
                client.close()

        results = together(millrace, ours + [through_mlflow] * 4)
    numbers = [n for result in results for n in (result if isinstance(result, list) else [result])]
    assert sorted(numbers) == list(range(1, CLIENTS + 16 + 1))


def test_a_transition_with_archiving_leaves_one_version_in_the_stage(millrace, rest):
    rest.ok("POST", "registered-models/create", {"name": "stages"})
    for _ in range(16):
        rest.ok("POST", "model-versions/create", {"name": "stages", "source": "s3://bucket/x"})

    def promote(version):
        return lambda client: client.ok("POST", "model-versions/transition-stage", {
            "name": "stages", "version": str(version), "stage": "Production", "archive_existing_versions": True})

    for _ in range(5):
        together(millrace, [promote(version) for version in range(1, 17)])
        assert Counter(stages_of(rest, "stages", 16)) == {"Production": 1, "Archived": 15}


def test_one_of_many_creates_a_name(millrace):
    results = together(millrace, [lambda client: client.call("POST", "registered-models/create",
                                                             {"name": "once"})] * CLIENTS)
    assert Counter(status for status, _ in results) == {200: 1, 400: CLIENTS - 1}
    refused = [answer for status, answer in results if status == 400]
    assert all(answer["error_code"] == "RESOURCE_ALREADY_EXISTS" for answer in refused)
    assert all(answer["message"] == "Registered Model (name=once) already exists." for answer in refused)


def test_one_new_tag_set_by_many_is_set(millrace, rest):
    rest.ok("POST", "registered-models/create", {"name": "tags"})
    together(millrace, [lambda client: client.ok("POST", "registered-models/set-tag", {
        "name": "tags", "key": "owner", "value": "all"})] * CLIENTS)
    model = rest.ok("GET", "registered-models/get?name=tags")["registered_model"]
    assert model["tags"] == [{"key": "owner", "value": "all"}]


@pytest.fixture
def run_id(rest):
    return rest.ok("POST", "runs/create", {"experiment_id": "0", "run_name": "race"})["run"]["info"]["run_id"]


def data_of(rest, run_id):
    data = rest.ok("GET", f"runs/get?run_id={run_id}")["run"]["data"]
    return {kind: {one["key"]: one["value"] for one in data.get(kind, [])} for kind in ("params", "tags", "metrics")}


def history(rest, run_id, key):
    answer = rest.ok("GET", f"metrics/get-history?run_id={run_id}&metric_key={key}")
    return [(one["timestamp"], one["step"], one["value"]) for one in answer["metrics"]]


@pytest.mark.parametrize("batched", [False, True])
def test_identical_params_tags_and_points_of_many_are_all_accepted(millrace, rest, run_id, batched):
    point = {"key": "m", "value": 0.5, "timestamp": 1, "step": 1}

    def log(client):
        if batched:
            client.ok("POST", "runs/log-batch", {"run_id": run_id, "params": [{"key": "p", "value": "same"}],
                                                 "tags": [{"key": "t", "value": "same"}], "metrics": [point]})
        else:
            client.ok("POST", "runs/log-parameter", {"run_id": run_id, "key": "p", "value": "same"})
            client.ok("POST", "runs/set-tag", {"run_id": run_id, "key": "t", "value": "same"})
            client.ok("POST", "runs/log-metric", {"run_id": run_id, **point})

    together(millrace, [log] * CLIENTS)
    assert data_of(rest, run_id) == {"params": {"p": "same"}, "metrics": {"m": 0.5},
                                     "tags": {"t": "same", "mlflow.runName": "race"}}
    assert history(rest, run_id, "m") == [(1, 1, 0.5)]


def test_one_of_many_values_of_a_param_wins(millrace, rest, run_id):
    results = together(millrace, [lambda client, n=number: client.call("POST", "runs/log-parameter", {
        "run_id": run_id, "key": "p", "value": str(n)}) for number in range(CLIENTS)])
    assert Counter(status for status, _ in results) == {200: 1, 400: CLIENTS - 1}
    [winner] = [number for number, (status, _) in enumerate(results) if status == 200]
    assert data_of(rest, run_id)["params"] == {"p": str(winner)}
    for number, (status, answer) in enumerate(results):
        assert status == 200 or answer["message"].startswith(
            f"Changing param values is not allowed. Param with key='p' was already logged with value='{winner}' "
            f"for run ID='{run_id}'. Attempted logging new value '{number}'."), answer


def test_batches_at_once_keep_each_point_once_and_the_latest_value(millrace, rest, run_id):
    def log(number):
        own = [{"key": "m", "value": number, "timestamp": step, "step": step * CLIENTS + number} for step in range(20)]
        shared = [{"key": "m", "value": 0.5, "timestamp": 0, "step": -step} for step in range(20)]
        body = {"run_id": run_id, "metrics": own + shared, "params": [{"key": f"p{number}", "value": "x"}]}
        return lambda client: client.ok("POST", "runs/log-batch", body)

    together(millrace, [log(number) for number in range(CLIENTS)])
    points = history(rest, run_id, "m")
    assert len(points) == len(set(points)) == 20 * CLIENTS + 20
    assert points == sorted(points)
    data = data_of(rest, run_id)
    assert data["metrics"] == {"m": CLIENTS - 1} and len(data["params"]) == CLIENTS


def test_experiments_of_one_name_and_runs_of_many(millrace, rest):
    results = together(millrace, [lambda client: client.call("POST", "experiments/create", {"name": "once"})] * CLIENTS)
    assert Counter(status for status, _ in results) == {200: 1, 400: CLIENTS - 1}
    assert all(answer["error_code"] == "RESOURCE_ALREADY_EXISTS" for status, answer in results if status == 400)
    experiment = rest.ok("GET", "experiments/get-by-name?experiment_name=once")["experiment"]["experiment_id"]
    made = together(millrace, [lambda client: client.ok("POST", "runs/create", {"experiment_id": experiment})["run"][
        "info"]["run_id"]] * CLIENTS)
    found = rest.ok("POST", "runs/search", {"experiment_ids": [experiment]})["runs"]
    assert sorted(made) == sorted(one["info"]["run_id"] for one in found)


@pytest.mark.sqlite  # a server of databases checks its own
def test_the_database_is_sound_after_all_that(millrace, databases):
    assert databases.run(millrace.store_uri, "PRAGMA integrity_check") == [("ok",)]
    assert databases.run(millrace.store_uri, "PRAGMA foreign_key_check") == []
