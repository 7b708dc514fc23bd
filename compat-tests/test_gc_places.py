"""Where `millrace gc` finds artifacts and users: the server's folder, the server itself, a registry elsewhere. What it
does not find it refuses to take for nothing."""

import json
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support.millrace_server import BINARY, MillraceServer, WarmMlflowServer, environment
from support.rest import Rest
from test_gc import world  # noqa: F401  (a fixture)


def state(world):
    return world.rows(), world.files()


def test_without_the_folder_nothing_is_removed(world):
    before = state(world)
    code, output, errors = world.gc_elsewhere()
    assert (code, output) == (1, "")
    assert "mlflow-artifacts:/" in errors and "--artifacts-destination" in errors and "--tracking-uri" in errors
    assert state(world) == before
    code, output, errors = world.gc_elsewhere("--dry-run")
    assert (code, output) == (1, "") and "--artifacts-destination" in errors
    code, output, errors = world.gc_elsewhere("--artifacts-destination", "s3://bucket/path")
    assert (code, output) == (1, "") and "s3://bucket/path" in errors and "--tracking-uri" in errors
    assert state(world) == before


@pytest.mark.parametrize("location", ["s3://bucket/0/run/artifacts", "https://elsewhere.example/files/run",
                                      "hdfs://h/run"])
def test_what_lies_elsewhere_is_refused(world, location):
    world.databases.run(world.uri, "UPDATE runs SET artifact_uri = :location WHERE run_uuid = :run_id",
                        location=location, run_id=world.old)
    before = state(world)
    code, output, errors = world.gc()
    assert (code, output) == (1, "")
    assert world.old in errors and location in errors
    assert state(world) == before
    code, output, errors = world.gc("--run-ids", world.deleted, "--experiment-ids", world.doomed)
    assert (code, errors) == (0, "")
    assert f"Run with ID {world.deleted} has been permanently deleted." in output
    # What stays anyway is in nobody's way.
    with world.server() as server:
        rest = Rest(server)
        rest.ok("POST", "registered-models/create", {"name": "n"})
        rest.ok("POST", "model-versions/create", {"name": "n", "source": "s3://b/x", "run_id": world.old})
        rest.close()
    code, output, errors = world.gc()
    assert (code, errors) == (0, f"Run with ID {world.old} is kept: version 1 of model 'n' uses it.\n")
    assert f"Run with ID {world.of_kept} has been permanently deleted." in output


@pytest.mark.parametrize("how", ["option", "variable"])
def test_through_a_server(world, how):
    ours, theirs = world.copy("ours"), world.copy("theirs")
    with ours.server() as server:
        if how == "option":
            code, output, errors = ours.gc_elsewhere("--tracking-uri", server.url + "/")
        else:
            code, output, errors = ours.gc_elsewhere(MLFLOW_TRACKING_URI=server.url)
    assert (code, errors) == (0, "")
    assert theirs.gc()[0] == 0
    assert state(ours) == state(theirs)


@pytest.mark.sqlite
def test_through_a_real_mlflow(world):
    with WarmMlflowServer(world.folder, "--artifacts-destination", str(world.folder / "mlartifacts"),
                          store_uri=world.uri) as server:
        code, output, errors = world.gc_elsewhere("--tracking-uri", server.url, "--all-workspaces")
    assert (code, errors) == (0, "")
    assert len(world.rows()["runs"]) == 1
    assert all(world.active in name or world.model in name for name in world.files())


def test_a_dry_run_through_a_server(world):
    before = state(world)
    with world.server() as server:
        code, output, errors = world.gc_elsewhere("--tracking-uri", server.url, "--dry-run")
    assert (code, errors) == (0, "")
    assert f"Run with ID {world.deleted} would be permanently deleted: what the server has of artifacts." in output
    assert output.splitlines()[-1] == "Nothing was deleted; 0 bytes of artifacts would be, and what the server has."
    assert state(world) == before


def test_a_server_that_does_not_answer(world):
    before = state(world)
    code, output, errors = world.gc_elsewhere("--tracking-uri", "http://u:secret@127.0.0.1:1")
    assert (code, output) == (1, "")
    assert "http://127.0.0.1:1 does not answer" in errors and "secret" not in errors
    with MillraceServer(world.folder.parent / "other", "--no-serve-artifacts") as server:
        code, output, errors = world.gc_elsewhere("--tracking-uri", server.url)
    assert (code, output) == (1, "") and "does not serve artifacts" in errors
    assert state(world) == before


class Guarded(BaseHTTPRequestHandler):
    """Wants a password, has no file, and fails for one run."""

    def answer(self):
        self.server.seen.append((self.command, self.path, self.headers.get("Authorization")))
        status = 401 if self.headers.get("Authorization") != "Basic dTpw" else 200
        if status == 200 and self.command == "DELETE":
            status = 500 if self.server.bad in self.path else 404
        body = json.dumps({}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_DELETE = answer

    def log_message(self, *_):
        pass


@pytest.fixture
def guarded(world):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Guarded)
    server.seen, server.bad = [], world.old
    threading.Thread(target=server.serve_forever).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_server_that_asks_who_it_is(world, guarded):
    uri = f"http://127.0.0.1:{guarded.server_port}/prefix"
    before = state(world)
    code, output, errors = world.gc_elsewhere("--tracking-uri", uri)
    assert (code, output) == (1, "") and "status 401" in errors and "MLFLOW_TRACKING_USERNAME" in errors
    assert state(world) == before
    who = {"MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p"}
    code, output, errors = world.gc_elsewhere("--tracking-uri", uri, **who)
    # What the server does not find counts as deleted; what it cannot delete stays in the list.
    assert code == 1 and "status 500" in errors and world.old in errors
    assert f"Run with ID {world.deleted} has been permanently deleted." in output and world.old not in output
    path = f"/prefix/api/2.0/mlflow-artifacts/artifacts/0/{world.deleted}/artifacts/"
    assert ("DELETE", path, "Basic dTpw") in guarded.seen
    assert [row[0] for row in world.databases.run(world.uri, "SELECT id FROM millrace_trash")] == [world.old]
    guarded.bad = "none"
    code, output, errors = world.gc_elsewhere("--tracking-uri", uri, **who)
    assert (code, errors) == (0, "")
    assert output == ("Artifacts are left of an earlier gc, of 1 runs and logged models.\n"
                      f"Run with ID {world.old} has been permanently deleted.\n")
    assert world.databases.run(world.uri, "SELECT id FROM millrace_trash") == []


def test_the_folder_that_is_given_comes_before_the_server(world):
    code, output, errors = world.gc("--tracking-uri", "http://127.0.0.1:1")
    assert (code, errors) == (0, "")
    assert world.deleted in output and f"0/{world.deleted}/artifacts/plot.png" not in world.files()


def test_names_that_are_encoded_in_a_location(world):
    served = world.folder / "mlartifacts"
    location = f"mlflow-artifacts:/a%20b/{world.deleted}/artifacts"
    for run_id, folder in ((world.deleted, "a b"), (world.old, "c d")):
        shutil.move(served / "0" / run_id, served / folder / run_id)
    world.databases.run(world.uri, "UPDATE runs SET artifact_uri = :location WHERE run_uuid = :run_id",
                        location=location, run_id=world.deleted)
    world.databases.run(world.uri, "UPDATE runs SET artifact_uri = :location WHERE run_uuid = :run_id",
                        location=f"mlflow-artifacts:/c d/{world.old}/artifacts", run_id=world.old)
    assert world.gc("--run-ids", world.deleted)[0] == 0
    with world.server() as server:
        assert world.gc_elsewhere("--run-ids", world.old, "--tracking-uri", server.url)[0] == 0
    assert not [name for name in world.files() if name.startswith(("a b/", "c d/"))]


@pytest.mark.parametrize("words, named", [(["--workspace", "team"], "--workspace"), (["--jobs"], "--jobs"),
                                          (["--job-ids", "j"], "--job-ids"),
                                          (["--all-workspaces", "--workspace", "default"], "--all-workspaces")])
def test_what_there_is_not_is_refused(world, words, named):
    before = state(world)
    code, output, errors = world.gc(*words)
    assert (code, output) == (2, "") and named in errors and len(errors.splitlines()) == 1
    assert state(world) == before


@pytest.mark.parametrize("words", [["--all-workspaces"], ["--workspace", "default"]])
def test_the_one_workspace(world, words):
    assert world.gc(*words)[0] == 0
    assert len(world.rows()["runs"]) == 1


def test_a_registry_elsewhere_is_found(world):
    registry = world.databases.new()
    flags = ["--artifacts-destination", str(world.folder / "mlartifacts"), "--registry-store-uri", registry]
    with MillraceServer(world.folder, *flags, store_uri=world.uri) as server:
        rest = Rest(server)
        rest.ok("POST", "registered-models/create", {"name": "n"})
        rest.ok("POST", "model-versions/create", {
            "name": "n", "run_id": world.deleted, "source": f"mlflow-artifacts:/0/{world.deleted}/artifacts/model"})
        rest.close()
    before = state(world)
    for words in ([], ["--dry-run"]):
        code, output, errors = world.gc(*words)
        assert (code, output) == (1, "") and "--registry-store-uri" in errors
        assert state(world) == before
    # No password is kept, nor a user.
    (place,), = world.databases.run(world.uri, "SELECT place FROM millrace_registries")
    assert place in errors and "@" not in place
    code, output, errors = world.gc("--registry-store-uri", registry)
    assert code == 0
    assert errors == f"Run with ID {world.deleted} is kept: version 1 of model 'n' uses it.\n"
    assert f"0/{world.deleted}/artifacts/model/MLmodel" in world.files()
    # Who has moved the registry says so.
    assert world.gc("--registry-store-uri", world.uri)[0] == 0
    assert f"0/{world.deleted}/artifacts/model/MLmodel" not in world.files()


def test_files_that_stay_are_tried_again(world):
    unhide = hide(world, world.old)
    code, output, errors = world.gc()
    assert code == 1
    assert f"Run with ID {world.old} has been deleted, but its artifacts at " in errors
    assert world.old not in output and world.deleted in output
    for _ in range(2):
        code, output, errors = world.gc()
        assert code == 1 and world.old in errors
        assert output == "Artifacts are left of an earlier gc, of 1 runs and logged models.\n"
    detach = subprocess.run([BINARY, "db", "detach", world.uri], capture_output=True, text=True, env=environment())
    assert detach.returncode == 1 and "millrace gc" in detach.stderr
    unhide()
    code, output, errors = world.gc()
    assert (code, errors) == (0, "") and f"Run with ID {world.old} has been permanently deleted." in output
    assert not [name for name in world.files() if world.old in name]
    assert world.gc() == (0, "", "")
    subprocess.run([BINARY, "db", "detach", world.uri], check=True, capture_output=True, env=environment())


def hide(world, run_id):
    """Makes the run's files what gc does not delete: behind a link. Returns how to make them what they were."""
    folder, hidden = world.folder / "mlartifacts" / "0" / run_id, world.folder / "hidden"
    shutil.move(folder, hidden)
    folder.symlink_to(hidden)

    def unhide():
        folder.unlink()
        shutil.move(hidden, folder)

    return unhide


def test_a_version_that_comes_after_its_run_has_gone_keeps_the_files(world):
    unhide = hide(world, world.deleted)
    assert world.gc()[0] == 1
    unhide()
    with world.server() as server:
        rest = Rest(server)
        rest.ok("POST", "registered-models/create", {"name": "n"})
        rest.ok("POST", "model-versions/create", {"name": "n", "source": f"s3://b/{world.deleted}/x"})
        rest.close()
    code, output, errors = world.gc()
    assert code == 0 and "are kept: version 1 of model 'n' uses them" in errors
    assert f"0/{world.deleted}/artifacts/plot.png" in world.files()
    with world.server() as server:
        rest = Rest(server)
        rest.ok("DELETE", "registered-models/delete", {"name": "n"})
        rest.close()
    assert world.gc()[0] == 0
    assert f"0/{world.deleted}/artifacts/plot.png" not in world.files()


def test_a_run_that_was_put_back_keeps_its_files(world):
    rows = world.databases.run(world.uri, "SELECT * FROM runs WHERE run_uuid = :run_id", run_id=world.deleted)
    unhide = hide(world, world.deleted)
    assert world.gc()[0] == 1
    unhide()
    names = [f"v{i}" for i in range(len(rows[0]))]
    world.databases.run(world.uri, f"INSERT INTO runs VALUES ({', '.join(':' + name for name in names)})",
                        **dict(zip(names, rows[0])))
    world.databases.run(world.uri, "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL")
    assert world.gc()[0] == 0
    assert f"0/{world.deleted}/artifacts/plot.png" in world.files()
    assert world.databases.run(world.uri, "SELECT id FROM millrace_trash") == []
