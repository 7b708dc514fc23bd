"""`millrace gc` beside a server that goes on, and killed in the middle: nothing in use loses its bytes, nothing that was
removed leaves any behind."""

import random
import subprocess
import threading

import pytest

from support.millrace_server import BINARY, MillraceServer, environment
from support.rest import Rest


class Deleted:
    """Many deleted runs of one experiment, with a file each."""

    def __init__(self, databases, folder, count):
        self.databases, self.folder, self.uri = databases, folder, databases.new()
        self.destination = folder / "mlartifacts"
        self.server = MillraceServer(folder, "--artifacts-destination", str(self.destination), store_uri=self.uri)
        with self.server:
            rest = Rest(self.server)
            self.runs = sorted(self.make(rest) for _ in range(count))
            rest.close()

    def make(self, rest):
        run_id = rest.ok("POST", "runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
        for name in ("a.txt", "b.txt"):
            file = self.destination / "0" / run_id / "artifacts" / "model" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("x")
        rest.ok("POST", "runs/delete", {"run_id": run_id})
        return run_id

    def files(self):
        return {file.relative_to(self.destination).parts[1] for file in self.destination.rglob("*.txt")}

    def rows(self):
        return {run_id for run_id, in self.databases.run(self.uri, "SELECT run_uuid FROM runs")}

    def trash(self):
        return {run_id for run_id, in self.databases.run(self.uri, "SELECT id FROM millrace_trash")}

    def gc(self):
        return subprocess.Popen(
            [BINARY, "gc", "--backend-store-uri", self.uri, "--artifacts-destination", str(self.destination)],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())


@pytest.fixture
def deleted(databases, tmp_path):
    return Deleted(databases, tmp_path, 200)


def test_killed_while_files_are_deleted(deleted):
    gc = deleted.gc()
    assert "has been permanently deleted." in gc.stdout.readline()
    gc.kill()
    gc.communicate(timeout=60)
    left = deleted.files()
    assert left, "it was over before it was killed"
    # Whatever is left is on the list or still has its run.
    assert left <= deleted.trash() | deleted.rows()
    output, errors = deleted.gc().communicate(timeout=120)
    assert output.startswith("Artifacts are left of an earlier gc, of ") and errors == ""
    assert (deleted.files(), deleted.rows(), deleted.trash()) == (set(), set(), set())
    assert all(f"Run with ID {run_id} has been permanently deleted.\n" in output for run_id in left)


def test_killed_while_rows_are_removed(deleted):
    gc = deleted.gc()
    while len(deleted.rows()) == 200 and gc.poll() is None:
        pass
    gc.kill()
    gc.communicate(timeout=60)
    # No file is deleted before the rows are.
    assert deleted.files() <= deleted.trash() | deleted.rows()
    gc = deleted.gc()
    assert gc.communicate(timeout=120)[1] == "" and gc.returncode == 0
    assert (deleted.files(), deleted.rows(), deleted.trash()) == (set(), set(), set())


def test_what_is_restored_or_registered_meanwhile(deleted):
    """Each is refused, or the run, the version and their files are there in the end."""
    restored, registered, refused = [], [], []

    def work(restores, share):
        rest = Rest(deleted.server)
        for run_id in share:
            if restores:
                status, _ = rest.call("POST", "runs/restore", {"run_id": run_id})
            else:
                status, _ = rest.call("POST", "model-versions/create", {
                    "name": "n", "run_id": run_id, "source": f"mlflow-artifacts:/0/{run_id}/artifacts/model"})
            (refused if status != 200 else restored if restores else registered).append(run_id)
        rest.close()

    with deleted.server as server:
        rest = Rest(server)
        rest.ok("POST", "registered-models/create", {"name": "n"})
        mixed = random.Random(1).sample(deleted.runs, 100)
        threads = [threading.Thread(target=work, args=(i % 2 == 0, mixed[i::4])) for i in range(4)]
        gc = deleted.gc()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        _, errors = gc.communicate(timeout=120)
        assert gc.returncode == 0, errors
        for run_id in restored:
            status, run = rest.call("GET", f"runs/get?run_id={run_id}")
            assert status == 200 and run["run"]["info"]["lifecycle_stage"] == "active", run_id
        rest.close()
    assert restored or registered
    assert set(restored) | set(registered) <= deleted.files()
    assert deleted.trash() == deleted.files() - deleted.rows()
    # And what nobody asked for is gone.
    assert deleted.files() - set(restored) - set(registered) == set()


def test_registered_between_the_look_and_the_removal(deleted):
    """The reproduction of a fault: gc chose once, at its beginning, and deleted files before it looked again."""
    first, last = deleted.runs[-2:]
    with deleted.server as server:
        rest = Rest(server)
        rest.ok("POST", "registered-models/create", {"name": "n"})
        gc = deleted.gc()
        answers = [rest.call("POST", "runs/restore", {"run_id": last})[0],
                   rest.call("POST", "model-versions/create", {
                       "name": "n", "run_id": first, "source": f"mlflow-artifacts:/0/{first}/artifacts/model"})[0]]
        gc.communicate(timeout=120)
        rest.close()
    for run_id, status in zip((last, first), answers):
        assert (run_id in deleted.files()) == (status == 200), (run_id, status)
