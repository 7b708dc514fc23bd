"""Databases whose charset lacks characters: what nobody can have stored is not there, and is not stored."""

import json
import urllib.parse

import pytest

from support.database_servers import MariaDb, PostgreSql
from support.millrace_server import MillraceServer
from support.rest import Rest

LATIN1 = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
# The kind of server, the database, a text that it cannot hold.
KINDS = {
    "mariadb latin1": (MariaDb, "CHARACTER SET latin1", "实验"),
    "mariadb utf8mb3": (MariaDb, "CHARACTER SET utf8mb3", "a😀"),
    "postgresql LATIN1": (PostgreSql, LATIN1, "实验"),
    "postgresql UTF8, NUL": (PostgreSql, "", "a\0b"),
}
ABSENT = "absent"


class World:
    """A server with a few entities, and a text that its database cannot hold."""

    def __init__(self, server, text):
        self.rest, self.text = Rest(server), text
        ok = self.rest.ok
        self.experiment = ok("POST", "experiments/create", {"name": "é", "tags": [{"key": "k", "value": "v"}]})[
            "experiment_id"]
        self.run = ok("POST", "runs/create", {"experiment_id": self.experiment, "run_name": "é",
                                              "tags": [{"key": "k", "value": "é"}, {"key": "l", "value": "v"}]})["run"]["info"]["run_id"]
        ok("POST", "runs/log-batch", {"run_id": self.run, "params": [{"key": "p", "value": "é"}],
                                      "metrics": [{"key": "m", "value": 1, "timestamp": 1, "step": 1}]})
        ok("POST", "registered-models/create", {"name": "model", "tags": [{"key": "k", "value": "v"}]})
        ok("POST", "model-versions/create", {"name": "model", "source": "s3://b/p",
                                             "tags": [{"key": "k", "value": "v"}]})
        self.model = ok("POST", "logged-models", {"experiment_id": self.experiment, "name": "m",
                                                  "tags": [{"key": "k", "value": "v"}]})["model"]["info"]["model_id"]

    def as_if_absent(self, call):
        """Asserts that the text is answered like a name that is not there, and returns that answer."""
        absent, foreign = call(ABSENT), call(self.text)
        spelled = json.dumps(absent).replace(ABSENT, json.dumps(self.text)[1:-1])
        assert foreign == tuple(json.loads(spelled)), call
        return absent


@pytest.fixture(scope="module", params=list(KINDS))
def world(request, tmp_path_factory):
    kind, options, text = KINDS[request.param]
    with kind() as database:
        uri = database.create_database(options)
        with MillraceServer(tmp_path_factory.mktemp("server"), store_uri=uri) as server:
            yield World(server, text)
            assert "database error" not in server.log()


READS = [
    ("experiments/get-by-name?experiment_name={}", 404),
    ("runs/get?run_id={}", 404),
    ("metrics/get-history?run_id={run}&metric_key={}", 200),
    ("metrics/get-history?run_id={}&metric_key=m", 200),
    ("registered-models/get?name={}", 404),
    ("registered-models/alias?name={}&alias=a", 404),
    ("model-versions/get?name={}&version=1", 404),
    ("model-versions/get-download-uri?name={}&version=1", 404),
    ("logged-models/{}", 404),
]


@pytest.mark.parametrize("path, status", READS)
def test_what_is_not_there(world, path, status):
    if path.startswith("logged-models") and "\0" in world.text:
        pytest.skip("no such path")
    answer = world.as_if_absent(
        lambda text: world.rest.call("GET", path.replace("{run}", world.run).format(urllib.parse.quote(text))))
    assert answer[0] == status


SEARCHES = [
    ("runs/search", "runs", [
        ("tags.k = '{}'", 0), ("tags.k != '{}'", 1), ("tags.k LIKE '%{}%'", 0), ("tags.k ILIKE '%{}%'", 0),
        ("tags.`{}` = 'v'", 0), ("params.p != '{}'", 1), ("params.`{}` = 'x'", 0), ("metrics.`{}` > 0", 0),
        ("attributes.run_name != '{}'", 1), ("attributes.run_name = '{}'", 0), ("run_id = '{}'", 0),
        ("run_id IN ('{run}', '{}')", 1), ("run_id NOT IN ('{}')", 1), ("dataset.name = '{}'", 0),
        ("tags.`{}` IS NULL", 1), ("tags.l = 'v' AND params.p != '{}'", 1)]),
    ("experiments/search", "experiments", [
        ("name = '{}'", 0), ("name != '{}'", 2), ("name LIKE '%{}'", 0), ("name ILIKE '{}%'", 0),
        ("tags.k != '{}'", 1), ("tags.`{}` = 'x'", 0)]),
    ("registered-models/search", "registered_models", [
        ("name = '{}'", 0), ("name LIKE '%{}%'", 0), ("name ILIKE '%{}%'", 0), ("tags.k = '{}'", 0),
        ("tags.`{}` = 'x'", 0)]),
    ("model-versions/search", "model_versions", [
        ("name = '{}'", 0), ("source_path = '{}'", 0), ("run_id = '{}'", 0), ("run_id IN ('{}')", 0),
        ("tags.k = '{}'", 0)]),
    ("logged-models/search", "models", [
        ("name = '{}'", 0), ("name != '{}'", 1), ("name LIKE '%{}%'", 0), ("tags.k != '{}'", 1),
        ("params.`{}` = 'x'", 0), ("name IN ('m', '{}')", 1), ("name NOT IN ('{}')", 1)]),
]


def search(world, path, text, order_by=()):
    fields = {"max_results": 10, "filter": text, "order_by": list(order_by)}
    if path in ("runs/search", "logged-models/search"):
        fields["experiment_ids"] = [world.experiment]
    if path in ("registered-models/search", "model-versions/search"):
        return world.rest.call("GET", f"{path}?{urllib.parse.urlencode({'filter': text})}")
    return world.rest.call("POST", path, fields)


@pytest.mark.parametrize("path, entities, filter_text, count", [
    (path, entities, *one) for path, entities, filters in SEARCHES for one in filters])
def test_filters(world, path, entities, filter_text, count):
    if " IN (" in filter_text and "\0" in world.text:
        pytest.skip("no list of texts, as in Python")
    text = filter_text.replace("{run}", world.run).replace("{}", world.text)
    status, answer = search(world, path, text)
    assert status == 200, answer
    assert len(answer.get(entities, [])) == count


def test_order(world):
    status, answer = search(world, "runs/search", "", [f"metrics.`{world.text}` DESC", f"tags.`{world.text}`"])
    assert (status, len(answer["runs"])) == (200, 1)


def test_datasets_of_a_search(world):
    status, answer = world.rest.call("POST", "logged-models/search", {
        "experiment_ids": [world.experiment], "datasets": [{"dataset_name": world.text}]})
    assert (status, answer.get("models", [])) == (200, [])


def writes(world, text):
    run, model = world.run, world.model
    pair = {"key": "x", "value": text}
    point = {"value": 1, "timestamp": 1, "step": 2}
    return [
        ("POST", "experiments/create", {"name": text}),
        ("POST", "experiments/create", {"name": "e2", "tags": [pair]}),
        ("POST", "experiments/update", {"experiment_id": world.experiment, "new_name": text}),
        ("POST", "experiments/set-experiment-tag", {"experiment_id": world.experiment, **pair}),
        ("POST", "runs/create", {"experiment_id": world.experiment, "run_name": text}),
        ("POST", "runs/create", {"experiment_id": world.experiment, "tags": [{"key": text, "value": "v"}]}),
        ("POST", "runs/update", {"run_id": run, "run_name": text}),
        ("POST", "runs/set-tag", {"run_id": run, **pair}),
        ("POST", "runs/log-parameter", {"run_id": run, **pair}),
        ("POST", "runs/log-batch", {"run_id": run, "metrics": [{"key": "n", **point}], "tags": [pair]}),
        ("POST", "runs/log-batch", {"run_id": run, "metrics": [{"key": "n", **point}], "params": [pair]}),
        ("POST", "registered-models/create", {"name": text}),
        ("POST", "registered-models/create", {"name": "m2", "tags": [pair]}),
        ("POST", "registered-models/rename", {"name": "model", "new_name": text}),
        ("PATCH", "registered-models/update", {"name": "model", "description": text}),
        ("POST", "registered-models/set-tag", {"name": "model", **pair}),
        ("POST", "model-versions/create", {"name": "model", "source": "s3://b/p", "tags": [pair]}),
        ("POST", "model-versions/set-tag", {"name": "model", "version": "1", **pair}),
        ("POST", "logged-models", {"experiment_id": world.experiment, "name": text}),
        ("PATCH", f"logged-models/{model}/tags", {"model_id": model, "tags": [pair]}),
    ]


def stored(world):
    """All that can be seen."""
    answers = [world.rest.ok("GET", "experiments/get?experiment_id=" + world.experiment),
               world.rest.ok("GET", "registered-models/get?name=model"),
               world.rest.ok("GET", "model-versions/get?name=model&version=1"),
               world.rest.ok("GET", "logged-models/" + world.model)]
    for path in ("runs/search", "experiments/search", "registered-models/search", "model-versions/search"):
        answers.append(search(world, path, ""))
    return answers


def test_writes_are_refused(world):
    before = stored(world)
    for call in writes(world, world.text):
        status, answer = world.rest.call(*call)
        assert (status, answer["error_code"]) in [(400, "BAD_REQUEST"), (400, "INVALID_PARAMETER_VALUE")], (call, answer)
    assert stored(world) == before


def test_writes_to_what_is_not_there(world):
    for call in [
            lambda text: ("POST", "runs/set-tag", {"run_id": text, "key": "k", "value": "v"}),
            lambda text: ("POST", "runs/delete-tag", {"run_id": world.run, "key": text}),
            lambda text: ("POST", "runs/log-metric", {"run_id": text, "key": "k", "value": 1, "timestamp": 1}),
            lambda text: ("POST", "runs/delete", {"run_id": text}),
            lambda text: ("POST", "registered-models/set-tag", {"name": text, "key": "k", "value": "v"}),
            lambda text: ("DELETE", "registered-models/delete", {"name": text}),
            lambda text: ("POST", "model-versions/create", {"name": text, "source": "s3://b/p"}),
            lambda text: ("DELETE", "model-versions/delete", {"name": text, "version": "1"})]:
        answer = world.as_if_absent(lambda text, call=call: world.rest.call(*call(text)))
        assert answer[0] == 404, answer
    if world.text.isalpha():  # else it is no key
        deletion = {"name": "model", "key": world.text}
        assert world.rest.call("DELETE", "registered-models/delete-tag", deletion) == (200, {})
