"""/livez and /readyz, which MLflow does not have: what an orchestrator sees."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.database_servers import SERVERS, MariaDb
from support.millrace_server import MillraceServer


@pytest.fixture
def server(tmp_path):
    with MillraceServer(tmp_path / "server") as running:
        yield running


def readiness(server):
    status, content_type, body = server.get("/readyz")
    assert content_type == "application/json"
    return status, json.loads(body)


def test_a_server_that_can_work(server):
    assert server.get("/livez")[::2] == (200, b"OK")
    assert readiness(server) == (200, {"status": "ready"})


def test_probes_come_by_any_host_name(server):
    for path, status in [("/livez", "200"), ("/readyz", "200"), ("/", "403")]:
        answer = subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: evil.example", server.url + path],
            capture_output=True, text=True, check=True)
        assert answer.stdout == status, path


def test_a_database_without_its_schema_version(server):
    with sqlite3.connect(server.database) as database:
        database.execute("DELETE FROM alembic_version")
    failed = "database has another schema version than at the start of this server"
    assert readiness(server) == (503, {"status": "not ready", "failed": failed})
    assert server.get("/livez")[0] == server.get("/health")[0] == 200


def test_artifacts_that_cannot_be_written(server):
    (server.folder / "mlartifacts").write_text("a file where the folder should be")
    assert readiness(server) == (503, {"status": "not ready", "failed": "artifacts cannot be written"})


def test_a_storm_of_probes(server):
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: server.get("/readyz")[0], range(500)))
    assert answers == [200] * 500


def test_behind_a_prefix_and_for_artifacts_alone(tmp_path):
    with MillraceServer(tmp_path / "prefix", "--static-prefix", "/p", "--allowed-hosts", "mlflow.example") as server:
        for path in ("/health", "/livez", "/readyz", "/version"):
            assert server.get(path) == server.get("/p" + path)
            assert server.get(path)[0] == 200
            assert server.get("/q" + path)[0] == 403
        assert server.get("/")[0] == 403
    with MillraceServer(tmp_path / "artifacts", "--artifacts-only") as server:
        assert server.get("/readyz")[0] == 200


def create_model(server, name):
    return server.post("/api/2.0/mlflow/registered-models/create", json.dumps({"name": name}).encode())[0]


def test_a_database_that_another_program_locks(server):
    database = sqlite3.connect(server.database, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    assert readiness(server)[0] == 200  # nobody has tried to write
    assert create_model(server, "locked out") == 503
    until_not_ready(server, "database is locked by another program")
    assert server.get("/livez")[0] == 200
    database.execute("COMMIT")
    database.close()
    until_ready(server)
    assert create_model(server, "let in") == 200


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of 32 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", folder], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("only root may mount a file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk(small_disk, tmp_path):
    with MillraceServer(tmp_path / "server", store_uri=f"sqlite:///{small_disk}/mlflow.db") as server:
        assert create_model(server, "before") == 200
        filler = small_disk / "filler"
        fill(filler)
        until_not_ready(server, "room for the database is less than 8 MiB")  # nobody has tried to write
        assert create_model(server, "m") == 500
        until_not_ready(server, "database cannot be written")
        assert server.get("/livez")[0] == 200
        filler.unlink()
        until_ready(server)
        assert create_model(server, "after") == 200


def test_what_is_full_is_named(small_disk, tmp_path):
    temporary = small_disk / "tmp"
    temporary.mkdir()
    with MillraceServer(tmp_path / "server", "--artifacts-destination", str(small_disk / "artifacts"),
                        TMPDIR=str(temporary)) as server:
        assert readiness(server)[0] == 200
        fill(small_disk / "filler")
        until_not_ready(server, "room for artifacts is less than 8 MiB")
        assert server.get("/livez")[0] == 200
        (small_disk / "filler").unlink()
        until_ready(server)
    with MillraceServer(tmp_path / "direct", "--default-artifact-root", "s3://bucket/x", "--artifacts-destination",
                        str(small_disk / "artifacts"), TMPDIR=str(temporary)) as server:
        assert readiness(server)[0] == 200
        fill(small_disk / "filler")
        until_not_ready(server, "room for temporary files is less than 8 MiB")


def fill(path):
    with open(path, "wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(b"x" * 512)


def test_temporary_files_that_cannot_be_made(tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with MillraceServer(tmp_path / "server", TMPDIR=str(temporary)) as server:
        assert readiness(server)[0] == 200
        temporary.rmdir()
        until_not_ready(server, "temporary files cannot be written")
        assert server.get("/livez")[0] == 200
        temporary.mkdir()
        until_ready(server)


def test_artifacts_that_no_new_run_puts_here(tmp_path):
    for number, flags in enumerate((["--default-artifact-root", "s3://bucket/x"], ["--no-serve-artifacts"])):
        with MillraceServer(tmp_path / str(number), *flags) as server:
            (server.folder / "mlartifacts").write_text("a file where the folder would be")
            assert readiness(server)[0] == 200
            assert server.restart() < 30


def test_a_mariadb_that_becomes_read_only(tmp_path):
    with MariaDb() as database:
        uri = database.create_database()
        database.query("CREATE USER app@'%' IDENTIFIED BY 'x'; GRANT ALL ON mlflow_1.* TO app@'%';")
        with MillraceServer(tmp_path, store_uri=f"mysql+pymysql://app:x@{uri.rpartition('@')[2]}") as server:
            assert create_model(server, "before") == 200
            database.query("SET GLOBAL read_only = 1")
            assert create_model(server, "m") == 400
            until_not_ready(server, "database cannot be written")
            assert server.get("/livez")[0] == 200
            database.query("SET GLOBAL read_only = 0")
            until_ready(server)
            assert create_model(server, "after") == 200


@pytest.mark.parametrize("kind", SERVERS)
def test_a_database_server_that_hangs_and_one_that_is_gone(kind, tmp_path):
    with SERVERS[kind]() as database, MillraceServer(tmp_path, store_uri=database.create_database()) as server:
        assert readiness(server)[0] == 200
        signal_all(database.process.pid, signal.SIGSTOP)
        try:
            until_not_ready(server, "database gives no answer")
            assert server.get("/livez")[0] == server.get("/health")[0] == 200
            with ThreadPoolExecutor(16) as pool:
                answers = list(pool.map(lambda _: server.get("/readyz")[0], range(200)))
            assert answers == [503] * 200
        finally:
            signal_all(database.process.pid, signal.SIGCONT)
        until_ready(server)

        database.kill()
        until_not_ready(server, "database ")
        database.start()
        until_ready(server)


def signal_all(process, number):
    """Signals a process and its children: PostgreSQL has one for each session."""
    os.kill(process, number)
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        os.kill(int(child), number)


def until_not_ready(server, reason):
    """Waits until /readyz says so."""
    began = time.monotonic()
    while True:
        status, answer = readiness(server)
        if status == 503 and answer["failed"].startswith(reason):
            return
        assert time.monotonic() - began < 30, answer
        time.sleep(0.05)


def until_ready(server):
    began = time.monotonic()
    while readiness(server)[0] != 200:
        assert time.monotonic() - began < 60
        time.sleep(0.05)
