"""Database URIs that leave something to others, or mean more than one thing: what each verb makes of them."""

import json
import os
import sqlite3
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy

from support.database_servers import PASSWORD, PostgreSql
from support.millrace_server import BINARY, MillraceServer, environment, free_port


def millrace(*arguments, folder, check=True, **variables):
    done = subprocess.run([BINARY, *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=60,
                          env=environment(**variables))
    assert done.returncode == 0 or not check, done.stdout + done.stderr
    return done


def create_model(server, name):
    return server.post("/api/2.0/mlflow/registered-models/create", json.dumps({"name": name}).encode())[0]


def has_model(server, name):
    return server.get(f"/api/2.0/mlflow/registered-models/get?name={name}")[0] == 200


# ---- PostgreSQL ----


@pytest.fixture(scope="module")
def postgresql():
    with PostgreSql() as server:
        yield server


def variables_of(server, database):
    return {"PGHOST": server.host, "PGPORT": str(server.port), "PGUSER": server.user, "PGPASSWORD": PASSWORD,
            "PGDATABASE": database}


def new_database(server):
    return server.create_database().rpartition("/")[2]


@pytest.mark.parametrize("uri", ["postgresql://", "postgresql+psycopg2://"])
def test_a_uri_that_names_nothing(tmp_path, postgresql, uri):
    database = new_database(postgresql)
    variables = variables_of(postgresql, database)
    with MillraceServer(tmp_path, store_uri=uri, **variables) as server:
        assert create_model(server, "m") == 200
        assert server.get("/readyz")[0] == 200
        report = millrace("db", "check", uri, folder=tmp_path, **variables).stdout
        assert f"the database {database}, as the user postgres" in report and PASSWORD not in report
        done = millrace("gc", "--backend-store-uri", uri, "--dry-run", folder=tmp_path, **variables)
        assert "Nothing was deleted" in done.stdout
        restarted = server.restart()
        assert restarted < 10 and has_model(server, "m")
    assert postgresql.query("SELECT name FROM registered_models", database).strip() == "m"
    assert "MLflow's revision" in millrace("db", "check", uri, folder=tmp_path, **variables).stdout


def test_a_database_is_created_by_its_variable(tmp_path, postgresql):
    variables = variables_of(postgresql, "made_by_variable")
    millrace("db", "upgrade", "postgresql://", "--create-database", folder=tmp_path, **variables)
    assert postgresql.query("SELECT count(*) FROM alembic_version", "made_by_variable").strip() == "1"


def test_a_service_and_a_file_of_passwords(tmp_path, postgresql):
    database = new_database(postgresql)
    (tmp_path / "services").write_text(f"[catalog]\nhost={postgresql.host}\nport={postgresql.port}\n"
                                       f"user={postgresql.user}\ndbname={database}\n")
    passwords = tmp_path / "passwords"
    passwords.write_text(f"{postgresql.host}:{postgresql.port}:*:{postgresql.user}:{PASSWORD}\n")
    passwords.chmod(0o600)
    files = {"PGSERVICEFILE": str(tmp_path / "services"), "PGPASSFILE": str(passwords)}
    with MillraceServer(tmp_path / "option", store_uri="postgresql://?service=catalog", **files) as server:
        assert create_model(server, "by option") == 200
    with MillraceServer(tmp_path / "variable", store_uri="postgresql://", PGSERVICE="catalog", **files) as server:
        assert create_model(server, "by variable") == 200
    assert postgresql.query("SELECT count(*) FROM registered_models", database).strip() == "2"
    missing = millrace("server", "--port", free_port(), "--backend-store-uri", "postgresql://?service=other",
                       folder=tmp_path, check=False, **files)
    assert missing.returncode == 1 and '"other"' in missing.stderr and "(try 1" not in missing.stderr


def test_a_registry_elsewhere_is_noted_by_its_real_name(tmp_path, postgresql):
    database, registry = new_database(postgresql), new_database(postgresql)
    variables = variables_of(postgresql, database)
    same = ["--registry-store-uri", f"postgresql:///{database}"]
    with MillraceServer(tmp_path, *same, store_uri="postgresql://", **variables):
        pass
    places = "SELECT place FROM millrace_registries"
    assert postgresql.query(places, database).strip() == ""
    with MillraceServer(tmp_path, "--registry-store-uri", f"postgresql:///{registry}", store_uri="postgresql://",
                        **variables):
        pass
    assert postgresql.query(places, database).strip() == f"postgresql://{postgresql.host}:{postgresql.port}/{registry}"


def test_mysql_needs_a_database(tmp_path):
    done = millrace("server", "--backend-store-uri", "mysql://u@h", folder=tmp_path, check=False)
    assert done.returncode == 2 and "names no database" in done.stderr


# ---- SQLite in memory ----


@pytest.mark.parametrize("uri", ["sqlite:///:memory:", "sqlite://"])
def test_a_database_in_memory(tmp_path, uri):
    with MillraceServer(tmp_path, store_uri=uri) as server:
        assert create_model(server, "m") == 200
        assert server.get("/readyz")[0] == 200
        warnings = [line for line in server.log().splitlines() if "WARNING" in line or " warning " in line]
        assert len(warnings) == 1 and "ends with this process" in warnings[0], server.log()
        assert [path.name for path in tmp_path.iterdir()] == ["server.log"]
        assert server.restart() < 10
        assert not has_model(server, "m")
        assert create_model(server, "m") == 200


def test_readers_and_writers_of_a_database_in_memory(tmp_path):
    """8 that write and 8 that read: no error, nothing lost, each reader sees what was acknowledged before."""
    with MillraceServer(tmp_path, store_uri="sqlite:///:memory:") as server:
        def write(writer):
            return {create_model(server, f"m{writer}-{number}") for number in range(100)}

        def read(reader):
            counts, statuses = [], set()
            for _ in range(100):
                status, _, body = server.get("/api/2.0/mlflow/registered-models/search?max_results=1000")
                statuses.add(status)
                counts.append(len(json.loads(body).get("registered_models", [])))
            assert counts == sorted(counts), f"reader {reader} saw models go"
            return statuses

        with ThreadPoolExecutor(16) as pool:
            work = [pool.submit(task, index) for index in range(8) for task in (write, read)]
            assert {status for one in work for status in one.result()} == {200}
        assert len(json.loads(server.get("/api/2.0/mlflow/registered-models/search?max_results=1000")[2])
                   ["registered_models"]) == 800


@pytest.mark.parametrize("verb", [["gc", "--backend-store-uri"], ["db", "check"], ["db", "upgrade"], ["db", "detach"],
                                  ["backup", "b.tar", "--backend-store-uri"]])
def test_other_verbs_refuse_a_database_in_memory(tmp_path, verb):
    done = millrace(*verb, "sqlite:///:memory:", folder=tmp_path, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "database in memory" in done.stderr
    assert list(tmp_path.iterdir()) == []


# ---- SQLite files with percent escapes in their URIs ----


def rows(path):
    with closing(sqlite3.connect(path)) as database:
        return [name for name, in database.execute("SELECT name FROM registered_models ORDER BY name")]


def move(source, target):
    target.parent.mkdir()
    source.rename(target)
    source.parent.rmdir()


@pytest.fixture
def escaped(tmp_path):
    """The URI, the file that it names, and the one that it named to SQLAlchemy 2.0."""
    return f"sqlite:///{tmp_path}/my%20dir/b.db", tmp_path / "my dir" / "b.db", tmp_path / "my%20dir" / "b.db"


def test_escapes_mean_what_they_mean_to_sqlalchemy(tmp_path, escaped):
    uri, decoded, written = escaped
    with MillraceServer(tmp_path / "server", store_uri=uri) as server:
        assert create_model(server, "m") == 200
    assert rows(decoded) == ["m"] and not written.parent.exists()
    with sqlalchemy.create_engine(uri).connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT name FROM registered_models")).scalar() == "m"
    assert "WARNING" not in server.log()


def test_an_old_file_is_found_by_every_verb(tmp_path, escaped):
    uri, decoded, written = escaped
    with MillraceServer(tmp_path / "server", store_uri=uri) as server:
        assert create_model(server, "old") == 200
    move(decoded, written)
    with server:
        assert has_model(server, "old") and create_model(server, "new") == 200
    assert f"{written} is opened" in server.log() and str(decoded) in server.log()
    assert str(written) in millrace("db", "check", uri, folder=tmp_path).stdout
    millrace("db", "upgrade", uri, folder=tmp_path)
    millrace("gc", "--backend-store-uri", uri, "--artifacts-destination", tmp_path, folder=tmp_path)
    where = ["--backend-store-uri", uri, "--artifacts-destination", tmp_path / "server" / "mlartifacts"]
    millrace("backup", tmp_path / "b.tar", *where, folder=tmp_path)
    with server:
        assert create_model(server, "after the backup") == 200
    millrace("restore", tmp_path / "b.tar", "--force", *where, folder=tmp_path)
    assert rows(written) == ["new", "old"]
    millrace("db", "detach", uri, folder=tmp_path)
    assert not decoded.parent.exists()


def test_of_two_files_the_decoded_one_is_taken(tmp_path, escaped):
    uri, decoded, written = escaped
    for name, target in (("old", written), ("new", None)):
        with MillraceServer(tmp_path / "server", store_uri=uri) as server:
            assert create_model(server, name) == 200
        if target:
            move(decoded, target)
            decoded.parent.mkdir()
            decoded.touch()  # an empty one, as another program may have made it
    assert (rows(decoded), rows(written)) == (["new"], ["old"])
    for log in (server.log(), millrace("db", "check", uri, folder=tmp_path).stderr):
        assert f"WARNING: --backend-store-uri: {decoded} is opened" in log and str(written) in log


# ---- What cannot be opened ----


def test_what_cannot_be_opened_is_named_with_the_reason(tmp_path):
    def start(path, **options):
        return subprocess.run([BINARY, "server", "--port", str(free_port()), "--backend-store-uri", f"sqlite:///{path}"],
                              cwd="/", capture_output=True, text=True, timeout=30, env=environment(), **options)

    def assert_refused(path, reason, **options):
        done = start(path, **options)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == f"Error: The database {path} cannot be opened: {reason}"

    assert_refused(tmp_path, "Is a directory.")
    # The superuser may open everything.
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "secret.db").touch(0o600 if nobody else 0)
        folder.chmod(0o555)
        assert_refused(folder / "secret.db", "Permission denied.", **nobody)
        assert_refused(folder / "new.db", f"its folder {folder}: Permission denied.", **nobody)
        done = start(folder / "new" / "x.db", **nobody)
        assert done.stderr.splitlines()[-1].startswith("Error: Cannot create the folder of the database ")
        assert "Permission denied" in done.stderr
        folder.chmod(0o755)
