"""The schema on each kind of database: what Millrace makes is what MLflow makes, and what Millrace adds can be taken
away again."""

import json
import re
import signal
import subprocess
import time
from contextlib import nullcontext

import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from support.catalogs import ours, without_ours
from support.database_servers import SERVERS
from support.databases import Databases
from support.millrace_server import BINARY, MillraceServer, MlflowServer, environment

pytestmark = pytest.mark.sqlite  # has all three kinds by itself

HEAD = "dc11669786a5"
# The catalog does not depend on them.
QUICK = {"mysql": ["innodb-flush-log-at-trx-commit=0"], "postgresql": ["synchronous_commit=off"]}


@pytest.fixture(scope="module", params=["sqlite", *SERVERS])
def databases(request, tmp_path_factory):
    kind = request.param
    with nullcontext() if kind == "sqlite" else SERVERS[kind](*QUICK[kind]) as server:
        yield Databases(tmp_path_factory.mktemp(kind), server)


@pytest.fixture(scope="module")
def of_mlflow(databases, tmp_path_factory):
    """A database that the real server set up, and its catalog."""
    uri = databases.empty()
    with MlflowServer(tmp_path_factory.mktemp("mlflow"), "--backend-store-uri", uri):
        pass
    return uri, databases.catalog(uri)


def start_and_stop(folder, uri):
    with MillraceServer(folder, "--backend-store-uri", uri) as server:
        assert server.get("/api/2.0/mlflow/experiments/get?experiment_id=0")[0] == 200
    return server.log()


def db(verb, uri, folder):
    return subprocess.run([BINARY, "db", verb, uri], cwd=folder, capture_output=True, text=True, timeout=120,
                          env=environment())


def refused_start(folder, uri, *flags):
    """The log of a server that must not start."""
    server = MillraceServer(folder, "--backend-store-uri", uri, *flags)
    server.launch()
    assert server.process.wait(30) == 1
    server.process = None
    return server.log()


def create_model(server, name):
    status, _, body = server.post("/api/2.0/mlflow/registered-models/create", json.dumps({"name": name}).encode())
    return status, json.loads(body)


def detach(uri, folder):
    result = db("detach", uri, folder)
    assert result.returncode == 0, result.stderr


def test_the_schema_is_mlflows(databases, of_mlflow, tmp_path):
    uri = databases.empty()
    start_and_stop(tmp_path, uri)
    made = databases.catalog(uri)
    assert without_ours(made) == of_mlflow[1]
    names = ours(made)
    assert "millrace_runs_experiment" in names
    assert "millrace_unfinished_schema" not in names
    detach(uri, tmp_path)
    assert databases.catalog(uri) == of_mlflow[1]


def test_mlflows_own_database_is_mlflows_again(databases, of_mlflow, tmp_path):
    uri, before = of_mlflow
    start_and_stop(tmp_path, uri)
    attached = databases.catalog(uri)
    assert attached != before
    assert without_ours(attached) == before
    detach(uri, tmp_path)
    assert databases.catalog(uri) == before


def test_upgrade_creates_the_schema_without_an_experiment(databases, of_mlflow, tmp_path):
    uri = databases.empty()
    for _ in range(2):
        result = db("upgrade", uri, tmp_path)
        assert result.returncode == 0, result.stderr
        assert HEAD in result.stdout
    made = without_ours(databases.catalog(uri))
    assert made.pop("experiments") == []
    assert made == {subject: rows for subject, rows in of_mlflow[1].items() if subject != "experiments"}


def test_servers_that_start_at_once_create_it_once(databases, of_mlflow, tmp_path):
    uri = databases.empty()
    servers = [MillraceServer(tmp_path / str(number), "--backend-store-uri", uri) for number in range(4)]
    try:
        for server in servers:
            server.launch()
        for server in servers:
            until = time.monotonic() + 60
            while not server.answers():
                assert server.process.poll() is None and time.monotonic() < until, server.log()
                time.sleep(0.01)
    finally:
        codes = [server.stop() for server in servers]
    assert codes == [0] * len(servers)
    assert len(databases.run(uri, "SELECT version, min_compatible FROM millrace_schema")) == 1
    assert without_ours(databases.catalog(uri)) == of_mlflow[1]


def test_a_killed_creation_is_completed(databases, of_mlflow, tmp_path):
    """Kills from the first moment of a creation to the last; each time the next start finds what is right."""
    server = MillraceServer(tmp_path / "whole", "--backend-store-uri", databases.empty())
    whole = server.start()
    server.stop()
    for moment in range(6):
        for attempt in range(5):  # on MySQL the last tables may come while nobody looks
            uri = databases.empty()
            server = MillraceServer(tmp_path / f"{moment} {attempt}", "--backend-store-uri", uri)
            server.launch()
            try:
                if databases.kind == "mysql":  # the only one on which others see the tables come
                    run_until_tables(server, databases, uri, 1 + 10 * moment)
                else:
                    time.sleep(whole * (moment + 0.5) / 6)
            finally:
                server.kill()
            is_unfinished = databases.kind != "mysql" or (
                ("millrace_unfinished_schema",) in databases.run(uri, "SHOW TABLES"))
            start_and_stop(tmp_path / f"{moment} {attempt}", uri)
            assert without_ours(databases.catalog(uri)) == of_mlflow[1]
            assert "millrace_unfinished_schema" not in ours(databases.catalog(uri))
            if is_unfinished:
                break
        assert is_unfinished


def run_until_tables(server, databases, uri, count):
    """Lets it run for moments, between which its tables are counted while it stands still."""
    give_up = time.monotonic() + 60
    while True:
        server.process.send_signal(signal.SIGSTOP)
        [(made,)] = databases.run(
            uri, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()")
        if made >= count:
            return
        assert server.process.poll() is None and time.monotonic() < give_up, server.log()
        server.process.send_signal(signal.SIGCONT)
        time.sleep(0.01)


@pytest.mark.parametrize(("revision", "release"), [("451aebb31d03", "1.0.0"), ("1bd49d398cd23", "3.8.0"),
                                                   ("75868b020152", "3.17.0")])
def test_an_older_revision_is_refused_untouched(databases, of_mlflow, tmp_path, revision, release):
    uri = of_mlflow[0]
    databases.run(uri, f"UPDATE alembic_version SET version_num = '{revision}'")
    try:
        before = databases.catalog(uri)
        server = MillraceServer(tmp_path, "--backend-store-uri", uri)
        server.launch()
        assert server.process.wait(30) == 1
        server.process = None
        shown = re.sub("m1ll%40race", "***", uri)
        result = db("upgrade", uri, tmp_path)
        assert result.returncode == 1
        for text in [server.log(), result.stderr]:
            assert revision in text
            assert f"MLflow {release}" in text
            assert f"'mlflow db upgrade {shown}' with MLflow 3.17.2" in text
            assert "m1ll" not in text
        assert databases.catalog(uri) == before
    finally:
        databases.run(uri, f"UPDATE alembic_version SET version_num = '{HEAD}'")


def test_what_is_not_mlflows_is_refused_untouched(databases, tmp_path):
    uri = databases.empty()
    databases.run(uri, "CREATE TABLE customers (id INTEGER)")
    result = db("upgrade", uri, tmp_path)
    assert (result.returncode, "alembic_version" in result.stderr) == (1, True)
    databases.run(uri, "DROP TABLE customers")
    start_and_stop(tmp_path, uri)


@pytest.fixture
def made(databases, tmp_path):
    """A database after a first start."""
    uri = databases.empty()
    start_and_stop(tmp_path / "first", uri)
    return uri


@pytest.fixture
def of_a_newer_mlflow(databases, made, tmp_path):
    """A database that a newer MLflow has migrated, with nothing of Millrace's."""
    detach(made, tmp_path)
    databases.run(made, "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    databases.run(made, "ALTER TABLE runs ADD COLUMN newer VARCHAR(8)")
    return made


def test_an_unknown_revision_is_refused_untouched(databases, of_a_newer_mlflow, tmp_path):
    before = databases.catalog(of_a_newer_mlflow)
    for text in [refused_start(tmp_path, of_a_newer_mlflow), db("upgrade", of_a_newer_mlflow, tmp_path).stderr,
                 db("check", of_a_newer_mlflow, tmp_path).stdout]:
        for words in ["ffffffffffff", HEAD, "--unknown-schema=read-only", "--unknown-schema=write"]:
            assert words in text
    assert databases.catalog(of_a_newer_mlflow) == before


def test_an_unknown_revision_is_read_and_not_written(databases, of_a_newer_mlflow, tmp_path, monkeypatch):
    before = databases.catalog(of_a_newer_mlflow)
    with MillraceServer(tmp_path, "--backend-store-uri", of_a_newer_mlflow, "--unknown-schema=read-only") as server:
        assert server.get("/api/2.0/mlflow/experiments/get?experiment_id=0")[0] == 200
        status, answer = create_model(server, "m")
        assert (status, answer["error_code"]) == (403, "PERMISSION_DENIED")
        assert "ffffffffffff" in answer["message"]
        assert server.get("/readyz")[0] == 200

        monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES")  # as a user has it
        client = MlflowClient(server.url)
        assert client.search_registered_models() == []
        began = time.monotonic()
        for write in [lambda: client.create_registered_model("m"), lambda: client.create_experiment("e"),
                      lambda: client.create_run("0")]:
            with pytest.raises(MlflowException, match="nothing is written"):
                write()
        assert time.monotonic() - began < 5
    assert "nothing is written" in server.log()
    assert databases.catalog(of_a_newer_mlflow) == before


def test_an_unknown_revision_is_read_beside_another_registry(databases, of_a_newer_mlflow, tmp_path):
    before = databases.catalog(of_a_newer_mlflow)
    with MillraceServer(tmp_path, "--backend-store-uri", of_a_newer_mlflow, "--registry-store-uri", databases.empty(),
                        "--unknown-schema=read-only") as server:
        assert server.get("/api/2.0/mlflow/experiments/get?experiment_id=0")[0] == 200
        assert create_model(server, "m")[0] == 200
    assert databases.catalog(of_a_newer_mlflow) == before


def test_an_unknown_revision_is_written_for_the_brave(of_a_newer_mlflow, tmp_path):
    with MillraceServer(tmp_path, "--backend-store-uri", of_a_newer_mlflow, "--unknown-schema=write") as server:
        assert create_model(server, "m")[0] == 200
    assert "--unknown-schema=write" in server.log()


@pytest.mark.parametrize(("change", "missing"), [
    ("DROP TABLE input_tags", "no table input_tags"),
    ("ALTER TABLE registered_models RENAME COLUMN description TO words", "no column registered_models.description")])
def test_a_known_revision_without_all_its_tables_is_refused(databases, made, tmp_path, change, missing):
    databases.run(made, change)
    assert missing in refused_start(tmp_path, made)
    for flag in ("read-only", "write"):
        assert missing in refused_start(tmp_path / flag, made, f"--unknown-schema={flag}")
    result = db("check", made, tmp_path)
    assert result.returncode == 1
    assert [line for line in result.stdout.splitlines() if line.startswith("PROBLEM") and missing in line]


def test_own_tables_of_a_newer_millrace(databases, made, tmp_path):
    version = databases.run(made, "SELECT version FROM millrace_schema")[0][0]
    with MillraceServer(tmp_path / "old", "--backend-store-uri", made) as server:
        databases.run(made, "UPDATE millrace_schema SET version = 98")
        assert server.get("/readyz")[0] == 200
        server.restart()
        assert databases.run(made, "SELECT version FROM millrace_schema") == [(98,)]

        databases.run(made, "UPDATE millrace_schema SET min_compatible = 97")
        until = time.monotonic() + 30
        while (answer := server.get("/readyz"))[0] == 200:  # one answer serves for a second
            assert time.monotonic() < until
            time.sleep(0.1)
        assert answer[0] == 503
        assert b"version 98 and are for programs of version 97 and later" in answer[2]
        assert f"this one has {version}".encode() in answer[2]
        assert server.get("/livez")[0] == 200
    log = refused_start(tmp_path / "start", made)
    assert "98" in log and "97" in log and f"this one has {version}" in log
    result = db("check", made, tmp_path)
    assert (result.returncode, "version 97" in result.stdout) == (1, True)


def test_own_tables_of_an_older_millrace_are_upgraded(databases, made, tmp_path):
    row = databases.run(made, "SELECT version, min_compatible FROM millrace_schema")
    databases.run(made, "DROP TABLE millrace_schema")
    log = start_and_stop(tmp_path, made)
    assert databases.run(made, "SELECT version, min_compatible FROM millrace_schema") == row
    assert "millrace_schema" not in log
    detach(made, tmp_path)
    assert ours(databases.catalog(made)) == set()
    start_and_stop(tmp_path, made)
    assert databases.run(made, "SELECT version, min_compatible FROM millrace_schema") == row
