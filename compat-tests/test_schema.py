"""The schema on each kind of database: what Millrace makes is what MLflow makes, and what Millrace adds can be taken
away again."""

import re
import subprocess
import time
from contextlib import nullcontext

import pytest

from support.catalogs import ours, without_ours
from support.database_servers import KINDS
from support.databases import Databases
from support.millrace_server import BINARY, MillraceServer, MlflowServer, environment

pytestmark = pytest.mark.sqlite  # has all three kinds by itself

HEAD = "dc11669786a5"
# The catalog does not depend on them.
QUICK = {"mysql": ["innodb-flush-log-at-trx-commit=0"], "postgresql": ["synchronous_commit=off"]}


@pytest.fixture(scope="module", params=["sqlite", *KINDS])
def databases(request, tmp_path_factory):
    kind = request.param
    with nullcontext() if kind == "sqlite" else KINDS[kind](*QUICK[kind]) as server:
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
    assert without_ours(databases.catalog(uri)) == of_mlflow[1]


def test_a_killed_creation_is_completed(databases, of_mlflow, tmp_path):
    """Kills from the first moment of a creation to the last; each time the next start finds what is right."""
    server = MillraceServer(tmp_path / "whole", "--backend-store-uri", databases.empty())
    whole = server.start()
    server.stop()
    unfinished = []  # whether the kill of a moment came before the end
    for moment in range(6):
        uri = databases.empty()
        server = MillraceServer(tmp_path / str(moment), "--backend-store-uri", uri)
        server.launch()
        if databases.kind == "mysql":  # the only one on which others see the tables come
            tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
            while databases.run(uri, tables)[0][0] < 1 + 10 * moment:
                pass
        else:
            time.sleep(whole * (moment + 0.5) / 6)
        server.kill()
        if databases.kind == "mysql":
            unfinished.append(("millrace_unfinished_schema",) in databases.run(uri, "SHOW TABLES"))
        start_and_stop(tmp_path / str(moment), uri)
        assert without_ours(databases.catalog(uri)) == of_mlflow[1]
        assert "millrace_unfinished_schema" not in ours(databases.catalog(uri))
    assert databases.kind != "mysql" or any(unfinished)


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
