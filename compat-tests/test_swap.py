"""One database, two servers: what one wrote the other reads, byte for byte, in both directions."""

import json
import tempfile
from pathlib import Path
from urllib.parse import quote

import pytest
from mlflow.tracking import MlflowClient

from support import swap_tracking
from support.catalogs import without_ours
from support.millrace_server import MillraceServer, WarmMlflowServer

NAMES = ["plain", "Größe ✓ 🏠", "it's 100% \"odd\"", "prompt"]
API = "/api/2.0/mlflow"


def write(server, mark):
    """Fills a registry and tracking; `mark` keeps what one server wrote apart from the other's."""
    swap_tracking.write(server, mark)
    client = MlflowClient(server.url)
    write_artifacts(client, mark)
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


def write_artifacts(client, mark):
    """A run with a folder of artifacts, through the server's proxy."""
    experiment = client.create_experiment(f"{mark} with artifacts")
    run_id = client.create_run(experiment, run_name=f"{mark} with artifacts").info.run_id
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(["MLmodel", "data/weights.bin", "data/größe ✓.txt", "empty", "data/a b/c%20d.json"]):
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"{mark} {name}".encode() * 1000 * number if name != "empty" else b"")
        client.log_artifacts(run_id, folder, "model")


def artifacts(server, marks):
    """What the stock client lists and downloads of all that write_artifacts wrote: sizes and contents by path."""
    client = MlflowClient(server.url)
    found = {}
    for mark in marks:
        experiment = client.get_experiment_by_name(f"{mark} with artifacts").experiment_id
        [run] = client.search_runs([experiment])
        folders = [""]
        while folders:
            for entry in client.list_artifacts(run.info.run_id, folders.pop()):
                found[mark, entry.path] = (entry.is_dir, entry.file_size)
                if entry.is_dir:
                    folders.append(entry.path)
        with tempfile.TemporaryDirectory() as folder:
            got = Path(client.download_artifacts(run.info.run_id, "model", folder))
            found.update({(mark, "got", str(path.relative_to(got))): path.read_bytes()
                          for path in got.rglob("*") if path.is_file()})
    return found


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


# Lists for which MLflow asks the database for no order, by kind of database and path; all others are the same byte for
# byte. On MariaDB it depends on random ids. On PostgreSQL these change with the plan, in MLflow's own answers, too: the
# indexes that Millrace adds change it, as an ANALYZE would, which conftest.py keeps away.
LATEST = ["latest_versions", "model_versions"]
UNORDERED = {
    "mysql": {"/ajax-api/2.0/mlflow/experiments/search-datasets": ["dataset_summaries"]},
    "postgresql": {f"{API}/registered-models/get": LATEST, f"{API}/registered-models/get-latest-versions": LATEST,
                   f"{API}/model-versions/search": ["tags"], f"{API}/registered-models/search": LATEST}}


def same(one, other, unordered):
    """Whether two answers are the same: the bytes, or the same lines once the unordered lists of both are sorted."""
    if one == other:
        return True
    if one[:2] != other[:2] or not unordered:
        return False
    lines = [sorted(line.rstrip(b",") for line in body.splitlines()) for _, _, body in (one, other)]
    bodies = [json.loads(body, object_hook=lambda value: {
        key: sorted(item, key=str) if key in unordered else item for key, item in value.items()})
        for _, _, body in (one, other)]
    return lines[0] == lines[1] and bodies[0] == bodies[1]


def assert_same_answers(one, other, marks, kind):
    different = []
    for path, body in [*((path, None) for path in reads(marks)), *swap_tracking.reads(one, marks)]:
        ours, theirs = (swap_tracking.ask(server, path, body) for server in (one, other))
        if not same(ours, theirs, UNORDERED.get(kind, {}).get(path.partition("?")[0], ())):
            different.append((path, body, ours, theirs))
    assert different == []
    ours, theirs = artifacts(one, marks), artifacts(other, marks)
    assert ours == theirs
    assert len(ours) == 13 * len(marks)  # three folders, five files listed and downloaded


@pytest.fixture(params=[MillraceServer, WarmMlflowServer], ids=["millrace first", "mlflow first"])
def servers(request, tmp_path, databases):
    """Two servers on one database; the first one makes it, the second one opens it later."""
    artifacts = ("--artifacts-destination", str(tmp_path / "artifacts"))
    uri = databases.new()
    first = request.param(tmp_path / "first", *artifacts, store_uri=uri)
    other = WarmMlflowServer if request.param is MillraceServer else MillraceServer
    second = other(tmp_path / "second", *artifacts, store_uri=uri)
    yield first, second
    for server in (first, second):
        server.stop()


def schema(databases, uri):
    """All that the catalog says but what is ours, and the revision."""
    return {subject: rows for subject, rows in without_ours(databases.catalog(uri)).items() if subject != "experiments"}


def test_what_one_server_wrote_the_other_reads(servers, databases):
    first, second = servers
    first.start()
    write(first, "first")
    if isinstance(first, MillraceServer):
        assert first.stop() == 0
        first.start()
    before = schema(databases, first.store_uri)

    second.start()
    assert "database tables" not in second.log()  # neither creates nor migrates anything
    assert_same_answers(first, second, ["first"], databases.kind)

    write(second, "second")  # both run: each sees at once what the other commits
    assert_same_answers(first, second, ["first", "second"], databases.kind)

    second.stop()
    write(first, "third")
    first.stop()
    assert schema(databases, first.store_uri) == before
    first.start()
    second.start()
    assert_same_answers(first, second, ["first", "second", "third"], databases.kind)
