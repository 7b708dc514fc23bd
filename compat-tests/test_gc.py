"""`millrace gc` beside `mlflow gc` on copies of one database and its artifacts: what stays is the same. Then what only
Millrace has: --dry-run, and that nothing goes which a registered version still uses."""

import shutil
import subprocess

import pytest

from support.millrace_server import BINARY, MillraceServer, environment
from support.rest import Rest
from support.warm_mlflow import run_mlflow

OLD = 5_000_000  # ms, more than an hour


class World:
    """Runs, experiments and logged models, deleted and not, each with artifacts; made through Millrace."""

    def __init__(self, databases, folder, uri=None):
        """`uri`: a database that is filled already, as the folder is."""
        self.databases, self.folder = databases, folder
        self.uri = uri or databases.new()
        if not uri:
            self.fill()

    def fill(self):
        with self.server() as server:
            self.rest = Rest(server)
            self.proxy = server
            self.active = self.run("0")
            self.deleted = self.run("0", gone=True)
            self.old = self.run("0", gone=True)
            self.doomed = self.rest.ok("POST", "experiments/create", {
                "name": "doomed", "tags": [{"key": "k", "value": "v"}]})["experiment_id"]
            self.of_doomed = self.run(self.doomed)
            self.rest.ok("POST", "experiments/delete", {"experiment_id": self.doomed})
            self.kept_experiment = self.rest.ok("POST", "experiments/create", {"name": "kept"})["experiment_id"]
            self.of_kept = self.run(self.kept_experiment, gone=True)
            self.model = self.logged_model()
            self.deleted_model = self.logged_model(gone=True)
            self.rest.close()
        self.databases.run(self.uri, "UPDATE runs SET deleted_time = deleted_time - :age WHERE run_uuid = :old",
                           age=OLD, old=self.old)

    def server(self):
        return MillraceServer(self.folder, "--artifacts-destination", str(self.folder / "mlartifacts"),
                              store_uri=self.uri)

    def put(self, path, content):
        connection = self.rest.connection
        connection.request("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}", content)
        answer = connection.getresponse()
        assert (answer.read(), answer.status) == (b"", 200)

    def run(self, experiment, gone=False):
        ok = self.rest.ok
        run_id = ok("POST", "runs/create", {"experiment_id": experiment, "tags": [{"key": "t", "value": "v"}]})[
            "run"]["info"]["run_id"]
        ok("POST", "runs/log-batch", {
            "run_id": run_id, "params": [{"key": "p", "value": "1"}],
            "metrics": [{"key": "m", "value": step, "timestamp": step, "step": step} for step in range(3)]})
        dataset = {"name": "train", "digest": "d", "source_type": "local", "source": "s"}
        ok("POST", "runs/log-inputs", {"run_id": run_id, "datasets": [
            {"dataset": dataset, "tags": [{"key": "mlflow.data.context", "value": "training"}]}]})
        for name in ("model/MLmodel", "model/data/weights.bin", "plot.png"):
            self.put(f"{experiment}/{run_id}/artifacts/{name}", b"x" * 1000)
        if gone:
            ok("POST", "runs/delete", {"run_id": run_id})
        return run_id

    def logged_model(self, gone=False):
        model_id = self.rest.ok("POST", "logged-models", {
            "experiment_id": "0", "name": "m", "source_run_id": self.active, "params": [{"key": "p", "value": "1"}],
            "tags": [{"key": "t", "value": "v"}]})["model"]["info"]["model_id"]
        self.rest.ok("POST", "runs/log-metric", {
            "run_id": self.active, "key": "m", "value": 1, "timestamp": 1, "model_id": model_id})
        self.put(f"0/models/{model_id}/artifacts/MLmodel", b"y" * 500)
        if gone:
            self.rest.ok("DELETE", f"logged-models/{model_id}")
        return model_id

    def copy(self, name):
        folder = shutil.copytree(self.folder, self.folder.parent / name)
        return World(self.databases, folder, self.databases.copy(self.uri))

    def rows(self):
        return self.databases.rows(self.uri)

    def files(self):
        root = self.folder / "mlartifacts"
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

    def gc(self, *words):
        """By Millrace."""
        return self._run([BINARY, "gc", "--artifacts-destination", str(self.folder / "mlartifacts"), *words])

    def mlflow_gc(self, *words):
        """It deletes artifacts through a server, which may as well be Millrace, and starts at once."""
        with self.server() as server:
            return run_mlflow(["gc", "--tracking-uri", server.url, *words, "--backend-store-uri", self.uri],
                              self.folder, environment(), self.folder.parent)

    def gc_elsewhere(self, *words, **variables):
        """By Millrace in a folder without artifacts, as in a pod of its own."""
        elsewhere = self.folder.parent / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        return self._run([BINARY, "gc", *words], elsewhere, **variables)

    def _run(self, command, folder=None, **variables):
        done = subprocess.run([*command, "--backend-store-uri", self.uri], cwd=folder or self.folder,
                              capture_output=True, text=True, timeout=120, env=environment(**variables))
        return done.returncode, done.stdout, done.stderr


@pytest.fixture
def world(tmp_path, databases):
    return World(databases, tmp_path / "world")


@pytest.mark.parametrize("choose", [
    lambda world: [],
    lambda world: ["--older-than", "1h"],
    lambda world: ["--run-ids", world.deleted],
    lambda world: ["--run-ids", world.active],
    lambda world: ["--experiment-ids", "0"],
    lambda world: ["--run-ids", world.deleted, "--older-than", "0.5h30m"],
    lambda world: ["--logged-model-ids", world.model],
], ids=["all", "old", "a run", "an active run", "an active experiment", "a young run", "an active model"])
def test_what_stays_is_the_same(world, choose):
    words = choose(world)
    ours, theirs = world.copy("ours"), world.copy("theirs")
    our_code, our_output, our_errors = ours.gc(*words)
    their_code, their_output, their_errors = theirs.mlflow_gc(*words)
    assert (our_code == 0) == (their_code == 0), (our_errors, their_errors)
    if our_code == 0:
        assert ours.rows() == theirs.rows()
        assert ours.files() == theirs.files()
        deleted = [line for line in their_output.splitlines() if line.endswith("permanently deleted.")]
        assert sorted(our_output.splitlines()) == sorted(deleted)
    else:
        # What is refused, Millrace refuses before it deletes anything.
        assert ours.rows() == world.rows() and ours.files() == world.files()
        assert our_errors.removeprefix("Error: ").strip() in their_errors


def test_a_dry_run_deletes_nothing_and_counts(world):
    before = world.rows(), world.files()
    code, output, errors = world.gc("--dry-run")
    assert (code, errors) == (0, "")
    assert (world.rows(), world.files()) == before
    assert f"Run with ID {world.deleted} would be permanently deleted: 3000 bytes of artifacts." in output
    assert f"Experiment with ID {world.doomed} would be permanently deleted." in output
    # Four runs and a logged model.
    assert output.splitlines()[-1] == "Nothing was deleted; 12500 bytes of artifacts would be."
    assert world.active not in output and world.model not in output


def test_what_a_registered_version_uses_stays(world):
    with world.server() as server:
        rest = Rest(server)
        rest.ok("POST", "registered-models/create", {"name": "n"})
        for run_id, experiment in ((world.deleted, "0"), (world.of_doomed, world.doomed)):
            rest.ok("POST", "model-versions/create", {
                "name": "n", "run_id": run_id, "source": f"mlflow-artifacts:/{experiment}/{run_id}/artifacts/model"})
        rest.close()
    before = world.rows()
    code, output, errors = world.gc()
    assert code == 0
    assert f"Run with ID {world.deleted} is kept: version 1 of model 'n' uses it." in errors
    assert f"Experiment with ID {world.doomed} is kept: " in errors
    left = {row for row in world.rows()["runs"]}
    assert {run_id for run_id in (world.active, world.deleted, world.old, world.of_doomed, world.of_kept)
            if any(run_id in row for row in left)} == {world.active, world.deleted, world.of_doomed}
    for run_id, experiment in ((world.deleted, "0"), (world.of_doomed, world.doomed), (world.active, "0")):
        assert f"{experiment}/{run_id}/artifacts/model/MLmodel" in world.files()
    assert world.rows()["model_versions"] == before["model_versions"]
    # Once the versions are gone, nothing holds them.
    with world.server() as server:
        rest = Rest(server)
        rest.ok("DELETE", "registered-models/delete", {"name": "n"})
        rest.close()
    code, output, errors = world.gc()
    assert (code, errors) == (0, "")
    assert len(world.rows()["runs"]) == 1 and len(world.rows()["experiments"]) == 2


def test_artifacts_outside_the_roots_stay_with_their_run(world, tmp_path):
    outside = tmp_path / "outside"
    (outside / "artifacts").mkdir(parents=True)
    (outside / "artifacts" / "file").write_text("theirs")
    for run_id, location in ((world.deleted, f"{outside}/artifacts"), (world.old, "mlflow-artifacts:/"),
                             (world.of_kept, "mlflow-artifacts:/x/../../outside/artifacts")):
        world.databases.run(world.uri, "UPDATE runs SET artifact_uri = :location WHERE run_uuid = :run_id",
                            location=location, run_id=run_id)
    code, output, errors = world.gc("--experiment-ids", "")
    assert code == 1
    for run_id in (world.deleted, world.old, world.of_kept):
        assert f"Run with ID {run_id} is kept: " in errors
        assert any(run_id in row for row in world.rows()["runs"])
    assert (outside / "artifacts" / "file").read_text() == "theirs"
    assert f"0/{world.active}/artifacts/plot.png" in world.files()
    code, output, errors = world.gc("--allowed-artifact-root", str(outside))
    assert f"Run with ID {world.deleted} has been permanently deleted." in output
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("age", ["soon", "1h2d", "1", "d", "-1d", "1d ", "1..5d"])
def test_a_bad_age(world, age):
    code, output, errors = world.gc("--older-than", age)
    assert (code, output) == (2, "")
    assert errors == (f"Error: Could not parse any time information from '{age}'. "
                      "Examples of valid strings: '8h', '2d8h5m20s', '2m4s'\n")
