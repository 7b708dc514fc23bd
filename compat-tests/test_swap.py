"""One database, two servers: what one wrote the other reads, byte for byte, in both directions."""

import sqlite3
from urllib.parse import quote

import pytest
from mlflow.tracking import MlflowClient

from millrace_server import MillraceServer, MlflowServer

NAMES = ["plain", "Größe ✓ 🏠", "it's 100% \"odd\"", "prompt"]
API = "/api/2.0/mlflow"


def write(server, mark):
    """Fills a registry; `mark` keeps what one server wrote apart from the other's."""
    client = MlflowClient(server.url)
    for name in NAMES:
        name = f"{mark} {name}"
        client.create_registered_model(name, tags={"by": mark, "naïve": "ÿ\t'"}, description=f"of {mark}\n")
        for number in range(1, 4):
            client.create_model_version(name, f"s3://bucket/{mark}/{number}", description="v\u2028",
                                        tags={"number": str(number), "empty": ""}, run_link="https://ci/é")
        client.transition_model_version_stage(name, "1", "Staging")
        client.transition_model_version_stage(name, "2", "Production")
        client.transition_model_version_stage(name, "3", "Production", archive_existing_versions=True)
        client.set_registered_model_tag(name, "by", f"{mark} again")
        client.set_registered_model_alias(name, "champion", "3")
        client.set_registered_model_alias(name, "old", "1")
        client.set_model_version_tag(name, "2", "checked", "✓")
        client.delete_model_version_tag(name, "1", "empty")
        client.update_model_version(name, "1", "first of all")
        client.create_model_version(name, "s3://bucket/withdrawn")
        client.delete_model_version(name, "4")
    client.update_registered_model(f"{mark} plain", "updated")
    client.delete_registered_model_tag(f"{mark} plain", "naïve")
    client.create_registered_model(f"{mark} gone")
    client.delete_registered_model(f"{mark} gone")
    client.create_registered_model(f"{mark} before")
    client.rename_registered_model(f"{mark} before", f"{mark} after")
    client.create_registered_model(f"{mark} without anything")


def reads(marks):
    """Every GET of the registry that says something about what `write` wrote."""
    everywhere = ["", "max_results=2", "filter=nonsense", "order_by=name DESC",
                  "order_by=last_updated_timestamp DESC", "filter=name = 'nobody'",
                  "filter=name LIKE '%plain'", "filter=tags.by ILIKE '%AGAIN'"]
    of_versions = ["order_by=version_number", "filter=tags.number = '2'", "filter=run_id = ''",
                   "filter=source_path LIKE 's3://%/3'"]
    for search, queries in (("registered-models/search", everywhere),
                            ("model-versions/search", everywhere + of_versions)):
        for query in queries:
            yield f"{API}/{search}?{quote(query, safe='=')}"
    for name in [f"{mark} {one}" for mark in marks
                 for one in [*NAMES, "gone", "before", "after", "without anything"]]:
        named = f"name={quote(name)}"
        yield f"{API}/registered-models/get?{named}"
        yield f"{API}/registered-models/get-latest-versions?{named}"
        yield f"{API}/registered-models/get-latest-versions?{named}&stages=Production"
        for alias in ("champion", "nobody"):
            yield f"{API}/registered-models/alias?{named}&alias={alias}"
        for version in (1, 2, 3, 4):
            yield f"{API}/model-versions/get?{named}&version={version}"
            yield f"{API}/model-versions/get-download-uri?{named}&version={version}"
    yield "/version"


def assert_same_answers(one, other, marks):
    different = [(path, a, b) for path in reads(marks)
                 if (a := one.get(path)) != (b := other.get(path))]
    assert different == []


def schema(path):
    """Everything in a database file but what is ours, and the revision.

    The lines of a table are sorted, because MLflow's migrations write constraints in random order.
    """
    with sqlite3.connect(path) as database:
        revision = database.execute("SELECT version_num FROM alembic_version").fetchall()
        return revision, {
            (kind, name): sorted(line.strip(" ,\t") for line in (sql or "").splitlines())
            for kind, name, sql in database.execute("SELECT type, name, sql FROM sqlite_master")
            if not name.startswith("millrace_")}


@pytest.fixture(params=[MillraceServer, MlflowServer], ids=["millrace first", "mlflow first"])
def servers(request, tmp_path):
    """Two servers on one database; the first one makes it, the second one opens it later."""
    first = request.param(tmp_path / "first", database="../shared.db")
    other = MlflowServer if request.param is MillraceServer else MillraceServer
    second = other(tmp_path / "second", database="../shared.db")
    yield first, second
    for server in (first, second):
        server.stop()


def test_what_one_server_wrote_the_other_reads(servers):
    first, second = servers
    first.start()
    write(first, "first")
    if isinstance(first, MillraceServer):
        assert first.stop() == 0
        first.start()
    before = schema(first.database)

    second.start()
    assert "database tables" not in second.log()  # neither creates nor migrates anything
    assert_same_answers(first, second, ["first"])

    write(second, "second")  # both run: each sees at once what the other commits
    assert_same_answers(first, second, ["first", "second"])

    second.stop()
    write(first, "third")
    first.stop()
    assert schema(first.database) == before
    first.start()
    second.start()
    assert_same_answers(first, second, ["first", "second", "third"])


def test_an_empty_file_gets_mlflows_own_schema(tmp_path):
    databases = []
    for kind in (MillraceServer, MlflowServer):
        with kind(tmp_path / kind.__name__) as server:
            databases.append(server.database)
    assert schema(databases[0]) == schema(databases[1])
