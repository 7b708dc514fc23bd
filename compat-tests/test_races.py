"""What many clients do at once: each answer is as if they had come one after another."""

import sqlite3
from collections import Counter

import pytest
from millrace_server import MlflowServer
from rest import Rest, together

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


def test_versions_stay_unique_while_mlflow_writes_to_the_same_file(millrace, rest, tmp_path):
    rest.ok("POST", "registered-models/create", {"name": "shared"})
    with MlflowServer(tmp_path, "--backend-store-uri", f"sqlite:///{millrace.database}") as other:
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


def test_the_database_is_sound_after_all_that(millrace):
    with sqlite3.connect(millrace.database) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
