"""Databases that do not move, searches without hope, clients that have gone: nobody else waits for them."""

import http.client
import json
import socket
import subprocess
import time
import urllib.parse
from pathlib import Path

import pytest

from support.database_servers import KINDS
from support.millrace_server import MillraceServer
from support.rest import Rest
from support.stalls import CLIENTS, PAUSE, TIMEOUT, fill, locked, request, stall, stopped
from support.load_clients import Clients

FLAGS = ("--database-timeout", str(TIMEOUT))
GRACE = 4  # seconds beyond the server's own times: the machine may be busy


@pytest.fixture(params=["sqlite", *KINDS])
def stalling(request, tmp_path):
    """A server and what stalls its database."""
    if request.param == "sqlite":
        with MillraceServer(tmp_path / "server", *FLAGS) as server:
            yield server, lambda: locked(server.database)
        return
    with KINDS[request.param]() as database:
        uri = database.create_database() + "?connect_timeout=600"  # what ends before does not end by itself
        with MillraceServer(tmp_path / "server", *FLAGS, store_uri=uri) as server:
            yield server, lambda: stopped(database)


def test_all_are_answered_in_time_and_probes_at_once(stalling):
    server, stalled = stalling
    seen = stall(server, stalled(), 2 * TIMEOUT)
    assert not seen.clients.seen.unexpected
    assert seen.slowest() < TIMEOUT + GRACE
    assert seen.probing.statuses("/livez") == {200}
    assert seen.slowest_probe() < 1000
    Rest(server).ok("POST", "registered-models/create", {"name": "afterwards"})  # all is well again
    give_up = time.monotonic() + 10
    while server.get("/readyz")[0] != 200:
        assert time.monotonic() < give_up
        time.sleep(0.1)


def test_the_server_ends_while_its_database_does_not_move(stalling):
    server, stalled = stalling
    fill(server)
    with Clients(server, CLIENTS, request, lambda *_: True, pause=PAUSE):
        time.sleep(1)
        with stalled():
            time.sleep(TIMEOUT + 1)  # all sessions are cancelled by then: everybody waits for a new one
            began = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - began < 8 + GRACE


def hopeless_search(server):
    """The target of a search that would take minutes."""
    rest = Rest(server)
    for number in range(40):
        rest.ok("POST", "registered-models/create",
                {"name": f"s{number}", "tags": [{"key": "t", "value": "a" * 100_000}]})
    pattern = "%" + "a" * 49_000 + "b"
    query = urllib.parse.urlencode({"filter": f"tags.t LIKE '{pattern}'"})
    return f"/api/2.0/mlflow/registered-models/search?{query}"


def test_hopeless_searches_are_refused_and_keep_nobody(tmp_path):
    with MillraceServer(tmp_path / "server", *FLAGS) as server:
        target = hopeless_search(server)
        searches = []
        for _ in range(8):
            connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
            connection.request("GET", target)
            searches.append(connection)
        rest, slowest = Rest(server), 0
        for _ in range(100):
            began = time.monotonic()
            rest.ok("GET", "registered-models/get?name=s1")
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 1
        answers = [connection.getresponse() for connection in searches]
        assert {answer.status for answer in answers} <= {400, 503}
        refused = json.loads(next(answer for answer in answers if answer.status == 400).read())
        assert (refused["error_code"], refused["message"]) == (
            "BAD_REQUEST", "The request was ended because it took too long in the database: ask for less, by a narrower"
            " filter or a smaller page.")


def is_busy(server):
    def processor_ticks():
        fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])
    before = processor_ticks()
    time.sleep(1)
    return processor_ticks() - before > 10


def test_what_a_client_asked_who_has_gone_is_ended(tmp_path):
    with MillraceServer(tmp_path / "server", "--database-timeout", "600") as server:
        target = hopeless_search(server)
        connection = http.client.HTTPConnection(server.host, server.port)
        connection.request("GET", target)
        time.sleep(0.5)
        connection.sock.shutdown(socket.SHUT_RDWR)
        connection.close()
        give_up = time.monotonic() + 60  # SQLite notices between two rows, each of which takes some seconds here
        while is_busy(server):
            assert time.monotonic() < give_up
        assert server.stop() == 0


def test_more_clients_than_may_wait_are_told_when_to_come_again(tmp_path):
    with MillraceServer(tmp_path / "server", *FLAGS) as server:
        fill(server)
        body = json.dumps({"name": "m1", "version": "1", "key": "k", "value": "v"})
        with locked(server.database):
            waiting = []
            for _ in range(200):
                connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
                connection.request("POST", "/api/2.0/mlflow/model-versions/set-tag", body,
                                   {"Content-Type": "application/json"})
                waiting.append(connection)
            answers = [connection.getresponse() for connection in waiting]
        assert {answer.status for answer in answers} == {503}
        told = [answer for answer in answers if answer.headers["Retry-After"]]
        assert 40 <= len(told) <= 100  # all but those that may wait
        assert all(3 <= int(answer.headers["Retry-After"]) <= 8 for answer in told)
        assert json.loads(told[0].read()) == {
            "error_code": "TEMPORARILY_UNAVAILABLE", "message": "Too many requests wait for the database; try again.",
            "sqlstate": "XXM00", "error_class": "CLIENT_INTERNAL_ERROR"}


def test_the_flag(tmp_path):
    for value in ("0", "x", "1.5", "-3", "86401"):
        done = subprocess.run([MillraceServer.command[0], "server", "--database-timeout", value], cwd=tmp_path,
                              capture_output=True, text=True)
        assert done.returncode == 2 and "--database-timeout" in done.stderr, value
