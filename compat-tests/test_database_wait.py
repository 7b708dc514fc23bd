"""The wait of a starting server for a database server that is not there yet."""

import re
import shutil
import signal
import subprocess
import time

import pytest

from support.database_servers import PASSWORD, SERVERS
from support.failing_servers import FailingMySql, FailingPostgreSql
from support.millrace_server import BINARY, MillraceServer, environment, free_port

TRY = re.compile(r"The database cannot be reached: .* \(try (\d+) of 10; the next in ([\d.]+) s\)")


def tries(server):
    """The numbers and pauses of the tries in the log, which has nothing else so far."""
    lines = [line for line in server.log().splitlines() if " warning " in line]
    found = [TRY.search(line) for line in lines]
    assert all(found), server.log()
    return [(int(one[1]), float(one[2])) for one in found]


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def end_while_it_waits(server, number=signal.SIGTERM):
    began = time.monotonic()
    server.process.send_signal(number)
    assert server.process.wait(10) == 0, server.log()
    assert time.monotonic() - began < 2
    server.process = None


@pytest.fixture(scope="module", params=list(SERVERS))
def database(request):
    with SERVERS[request.param]() as server:
        yield server


def test_a_database_that_comes_up_later(tmp_path, database):
    uri = database.create_database()
    database.stop()
    server = MillraceServer(tmp_path, store_uri=uri)
    try:
        server.launch()
        wait_for(lambda: len(tries(server)) >= 2)
        assert not server.answers()
        database.start()
        wait_for(server.answers)
        waited = tries(server)
        assert waited == [(1, 0.1), (2, 0.3), (3, 0.7), (4, 1.5), (5, 3.1), (6, 6.3)][:len(waited)]
        assert server.get("/readyz")[0] == 200
        assert PASSWORD not in server.log()
    finally:
        if database.process is None:
            database.start()
        server.stop()


def test_what_stays_wrong_ends_it_at_once(tmp_path, database):
    uri = database.create_database()
    for wrong in (uri.replace(PASSWORD.replace("@", "%40"), "other"), uri + "_missing"):
        assert wrong != uri
        began = time.monotonic()
        done = subprocess.run([BINARY, "server", "--port", str(free_port()), "--backend-store-uri", wrong],
                              cwd=tmp_path, capture_output=True, text=True, timeout=60, env=environment())
        assert (done.returncode, "(try 1" in done.stderr) == (1, False), done.stderr
        assert "The database cannot be reached" in done.stderr
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait(tmp_path, number):
    server = MillraceServer(tmp_path, store_uri=f"postgresql://u:secret@127.0.0.1:{free_port()}/d")
    server.launch()
    wait_for(lambda: tries(server)[-1:] == [(4, 1.5)])
    end_while_it_waits(server, number)
    assert tries(server) == [(1, 0.1), (2, 0.3), (3, 0.7), (4, 1.5)]
    assert "secret" not in server.log()


@pytest.mark.parametrize("make", [
    lambda: FailingPostgreSql("57P03", "the database system is starting up"),
    lambda: FailingPostgreSql("53300", "sorry, too many clients already"),
    lambda: FailingMySql(1040, "08004", "Too many connections"),
], ids=["starting up", "too many on PostgreSQL", "too many on MySQL"])
def test_what_passes_is_waited_for(tmp_path, make):
    with make() as database:
        server = MillraceServer(tmp_path, store_uri=database.uri)
        server.launch()
        wait_for(lambda: len(tries(server)) >= 3)
        assert database.asked >= 3
        end_while_it_waits(server)


def test_an_unknown_host_is_waited_for(tmp_path):
    server = MillraceServer(tmp_path, store_uri="postgresql://u:secret@db.invalid/d")
    server.launch()
    wait_for(lambda: len(tries(server)) >= 1)
    end_while_it_waits(server)


def test_a_refusal_is_known_in_any_language(tmp_path):
    with FailingPostgreSql("28P01", "пользователь не прошёл проверку подлинности", severity="ВАЖНО") as database:
        done = subprocess.run([BINARY, "server", "--backend-store-uri", database.uri], cwd=tmp_path, text=True,
                              capture_output=True, timeout=30, env=environment())
    assert (done.returncode, "(try 1" in done.stderr) == (1, False), done.stderr


def test_a_missing_module_is_not_waited_for(tmp_path):
    binary = shutil.copy(BINARY, tmp_path)  # which looks for its modules beside itself
    done = subprocess.run([binary, "server", "--backend-store-uri", f"postgresql://u@127.0.0.1:{free_port()}/d"],
                          cwd=tmp_path, text=True, capture_output=True, timeout=30, env=environment())
    assert (done.returncode, "(try 1" in done.stderr) == (1, False)
    assert "libmillrace_postgresql.so" in done.stderr


@pytest.mark.parametrize("verb", [["gc", "--backend-store-uri"], ["db", "upgrade"], ["db", "check"]])
def test_other_verbs_do_not_wait(tmp_path, verb):
    began = time.monotonic()
    done = subprocess.run([BINARY, *verb, f"postgresql://u@127.0.0.1:{free_port()}/d"], cwd=tmp_path, text=True,
                          capture_output=True, timeout=30, env=environment())
    assert (done.returncode, "(try 1" in done.stderr) == (1, False)
    assert time.monotonic() - began < 5
