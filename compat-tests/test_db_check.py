"""millrace db check: what it tells of good and bad databases, and that it changes nothing and shows no password."""

import sqlite3
import subprocess
import urllib.parse

import pytest

from support.database_servers import PASSWORD, MariaDb, PostgreSql
from support.millrace_server import BINARY, environment

HEAD = "dc11669786a5"


def millrace(verb, uri, **variables):
    return subprocess.run([BINARY, "db", verb, uri], env=environment(**variables), capture_output=True, text=True,
                          timeout=120)


def check(uri, **variables):
    """The exit code, and what is said: topic -> (level, text) of the last line about it."""
    done = millrace("check", uri, **variables)
    for secret in (PASSWORD, urllib.parse.quote(PASSWORD, safe="")):
        assert secret not in done.stdout + done.stderr
    lines = done.stdout.splitlines()
    report = {}
    for line in lines[1:-1]:
        level, _, rest = line.partition(" ")
        words = rest.split(None, 1)
        if level in ("ok", "advice", "PROBLEM"):
            report[words[0]] = (level, words[1])
    healthy = done.returncode == 0
    assert lines[-1].startswith("Healthy." if healthy else "Problems: "), done.stdout
    assert healthy == all(level != "PROBLEM" for level, _ in report.values())
    return done.returncode, report


def with_user(uri, user, password="x"):
    """The same database as another user."""
    return uri.partition("://")[0] + f"://{user}:{password}@" + uri.rpartition("@")[2]


def name_of(uri):
    return uri.rpartition("/")[2]


@pytest.fixture(scope="module")
def mariadb():
    with MariaDb() as server:
        yield server


@pytest.fixture(scope="module")
def postgresql():
    with PostgreSql() as server:
        yield server


@pytest.fixture(params=["mariadb", "postgresql"])
def server(request):
    return request.getfixturevalue(request.param)


def test_an_empty_database_and_a_ready_one(server):
    uri = server.create_database()
    code, report = check(uri)
    assert code == 0
    assert {level for level, _ in report.values()} == {"ok"}
    assert report["schema"][1].startswith("none yet")
    assert {"version", "TLS", "charset", "isolation", "durability", "connections", "clock", "rights"} < set(report)

    assert millrace("upgrade", uri).returncode == 0
    code, report = check(uri)
    assert (code, report["schema"]) == (0, ("ok", f"MLflow's revision {HEAD}"))


def test_an_older_schema(server):
    uri = server.create_database()
    assert millrace("upgrade", uri).returncode == 0
    server.query("UPDATE alembic_version SET version_num = '451aebb31d03';", name_of(uri))
    code, report = check(uri)
    level, text = report["schema"]
    assert (code, level) == (1, "PROBLEM")
    assert "451aebb31d03" in text and "MLflow 1." in text and "mlflow db upgrade" in text


def test_unreachable(server):
    uri = server.create_database()
    for bad in (with_user(uri, "nobody"), uri + "_missing", uri.replace(str(server.port), "1")):
        code, report = check(bad)
        assert (code, report["database"][0]) == (1, "PROBLEM")


def test_a_pool_larger_than_the_server(server):
    code, report = check(server.create_database(), MLFLOW_SQLALCHEMYSTORE_POOL_SIZE="500")
    assert (code, report["connections"][0]) == (1, "PROBLEM")


def test_mariadb_rights(mariadb):
    uri = mariadb.create_database()
    database = name_of(uri)
    mariadb.query(f"CREATE USER reader@'%' IDENTIFIED BY 'x'; GRANT SELECT ON {database}.* TO reader@'%';"
                  f"CREATE USER writer@'%' IDENTIFIED BY 'x';"
                  f"GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.* TO writer@'%';")
    assert check(with_user(uri, "reader"))[1]["rights"][0] == "PROBLEM"
    code, report = check(with_user(uri, "writer"))
    assert (code, report["rights"][0]) == (0, "advice")


def test_mariadb_charset_and_engine(mariadb):
    uri = mariadb.create_database("CHARACTER SET latin1")
    assert check(uri)[1]["charset"][0] == "advice"
    mariadb.query("CREATE TABLE t (id INT) ENGINE = MyISAM;", name_of(uri))
    assert check(uri)[1]["engine"][0] == "PROBLEM"


def test_mariadb_collation(mariadb):
    for collation, merges in [("utf8mb4_general_ci", True), ("utf8mb4_unicode_520_nopad_ci", True),
                              ("utf8mb4_bin", False)]:
        uri = mariadb.create_database(f"CHARACTER SET utf8mb4 COLLATE {collation}")
        assert "collation" not in check(uri)[1]
        assert millrace("upgrade", uri).returncode == 0
        code, report = check(uri)
        assert code == 0
        assert (report["collation"][0] == "advice" and collation in report["collation"][1]) if merges else (
            "collation" not in report)


def test_mariadb_settings():
    with MariaDb("innodb-flush-log-at-trx-commit=0", "max-connections=40", "max-allowed-packet=1M",
                 "sql-mode=", "read-only=1") as server:
        code, report = check(server.create_database())
    assert code == 1
    assert report["writing"][0] == "PROBLEM"
    for topic in ("durability", "connections", "packets", "sql_mode"):
        assert report[topic][0] == "advice", topic


def test_postgresql_rights(postgresql):
    uri = postgresql.create_database()
    assert millrace("upgrade", uri).returncode == 0
    postgresql.query("CREATE ROLE reader LOGIN PASSWORD 'x';"
                     "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;", name_of(uri))
    assert check(with_user(uri, "reader"))[1]["rights"][0] == "PROBLEM"
    postgresql.query("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO reader;", name_of(uri))
    code, report = check(with_user(uri, "reader"))
    assert (code, report["rights"][0]) == (0, "advice")


def test_postgresql_settings():
    with PostgreSql("fsync=off", "max_connections=50") as server:
        uri = server.create_database("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        code, report = check(uri)
    assert code == 1
    assert report["durability"][0] == report["charset"][0] == "PROBLEM"
    assert report["connections"][0] == "advice"
    with PostgreSql("synchronous_commit=off") as server:
        code, report = check(server.create_database())
    assert (code, report["durability"][0]) == (0, "advice")


def test_sqlite(tmp_path):
    path = tmp_path / "x.db"
    uri = f"sqlite:///{path}"
    assert check(uri)[0] == 0
    assert not path.exists()
    assert millrace("upgrade", uri).returncode == 0
    code, report = check(uri)
    assert (code, report["schema"]) == (0, ("ok", f"MLflow's revision {HEAD}"))

    with sqlite3.connect(path) as database:
        database.executemany("INSERT INTO registered_models (name, workspace) VALUES (?, 'default')",
                             [(f"m{i}",) for i in range(2000)])
    database.close()
    content = bytearray(path.read_bytes())
    content[-8192:] = b"\xff" * 8192
    path.write_bytes(content)
    code, report = check(uri)
    assert code == 1

    path.write_text("no database")
    assert check(uri)[0] == 1


def test_an_option_that_is_not_known():
    done = millrace("check", "mysql://u:secret@h/d?nonsense=1")
    assert done.returncode == 2
    assert "'nonsense'" in done.stderr and "secret" not in done.stderr
