"""What the tests of `millrace backup` and `millrace restore` share."""

import contextlib
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from support.millrace_server import BINARY, MillraceServer, environment
from support.rest import Rest

ROUTE = "/api/2.0/mlflow-artifacts/artifacts"
REVISION = "dc11669786a5"


def run(*words, folder, **options):
    return subprocess.run([BINARY, *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=120,
                          env=environment(), **options)


def ok(*words, folder, **options):
    done = run(*words, folder=folder, **options)
    assert done.returncode == 0, done.stderr
    return done


def refused(*words, folder, code=1, **options):
    """What a command says that must fail, in one line."""
    done = run(*words, folder=folder, **options)
    lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert (done.returncode, len(lines)) == (code, 1), done.stderr
    assert done.stderr.splitlines()[-1] == lines[0]
    return lines[0].removeprefix("Error: ")


def names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def content(folder):
    """Every file below a folder; empty folders too."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
            for path in Path(folder).rglob("*") if path.is_file() or not any(path.iterdir())}


def rows(database):
    """All that a database holds, in the order of its rows."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        tables = [name for name, in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}


def run_sql(database, statement):
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)


def put(server, name, body):
    rest = Rest(server)
    rest.connection.request("PUT", f"{ROUTE}/{name}", body)
    answer = rest.connection.getresponse()
    assert (answer.read(), answer.status) == (b"", 200)
    rest.close()


def fill(server):
    """A registered model whose version's file is an artifact."""
    rest = Rest(server)
    rest.ok("POST", "registered-models/create", {"name": "kept"})
    rest.ok("POST", "model-versions/create", {"name": "kept", "source": "s3://bucket/x"})
    rest.close()
    put(server, "0/models/m/artifacts/weights.bin", b"w" * 100_000)


@pytest.fixture
def saved(tmp_path):
    """The folder of a server that has ended, with a model and artifacts, and its backup beside it: `saved.tar`."""
    with MillraceServer(tmp_path / "old") as server:
        fill(server)
    ok("backup", tmp_path / "saved.tar", folder=tmp_path / "old")
    return tmp_path


def new(folder, name="new"):
    made = folder / name
    made.mkdir()
    return made


class Writer(threading.Thread):
    """Registers versions, logs points and uploads files until told to stop; `acknowledged` has what was answered."""

    def __init__(self, server, number, stop):
        super().__init__(daemon=True)
        self.server, self.number, self.stop, self.acknowledged, self.failure = server, number, stop, [], None

    def run(self):
        rest = Rest(self.server)
        try:
            run_id = rest.ok("POST", "runs/create", {"experiment_id": "0", "start_time": 1})["run"]["info"]["run_id"]
            count = 0
            while not self.stop.is_set():
                name = f"w{self.number}n{count}"
                rest.ok("POST", "registered-models/create", {"name": name})
                rest.ok("POST", "model-versions/create", {"name": name, "source": "s3://bucket/x"})
                rest.ok("POST", "runs/log-metric", {"run_id": run_id, "key": "m", "value": count, "timestamp": 1,
                                                    "step": count})
                put(self.server, f"{self.number}/{count}.bin", name.encode() * 100)
                self.acknowledged.append((name, run_id, count))
                count += 1
        except Exception as error:  # kept for the test
            self.failure = error
        finally:
            rest.close()
