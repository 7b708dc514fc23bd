"""Clients that hold on to what they have: others find a thread, a descriptor and an end all the same."""

import http.client
import os
import resource
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.held_connections import BIG, CREATE, HOST, SENT, answer_time, held, open_connection
from support.millrace_server import MillraceServer
from support.rest import Rest

READ = "/api/2.0/mlflow/registered-models/get?name=m"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
# An answer comes within milliseconds; where threads can be held it takes 30 s, or never comes.
PATIENCE = 10  # seconds


def upload(server, name, body):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=120)
    connection.request("PUT", f"{ARTIFACTS}/{name}", body)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with MillraceServer(tmp_path_factory.mktemp("held")) as running:
        Rest(running).ok("POST", "registered-models/create", {"name": "m"})
        assert upload(running, "big.bin", b"x" * BIG) == 200
        yield running


@pytest.mark.parametrize("kind", SENT)
def test_nobody_holds_all_threads(server, kind):
    with held(server, kind, 400):
        for _ in range(20):
            answer_time(server, "/livez", PATIENCE)
            answer_time(server, READ, PATIENCE)


def test_uploads_that_trickle_leave_room_for_others(server):
    with held(server, "a large body of which one byte comes", 100) as connections:
        for _ in range(3):
            for connection in connections:
                connection.sendall(b" ")
            answer_time(server, "/livez", PATIENCE)
            answer_time(server, READ, PATIENCE)
            assert upload(server, "between.bin", b"y" * 1_000_000) == 200


def test_a_log_that_nobody_reads_stops_nothing(tmp_path):
    server = MillraceServer(tmp_path)
    reader, writer = os.pipe()
    server.process = subprocess.Popen([*server.command, *server.flags], cwd=server.folder, stderr=writer)
    os.close(writer)
    while not server.answers():
        time.sleep(0.01)
    # Each leaves a line.
    for _ in range(1500):
        connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE)
        connection.request("GET", "/", headers={"Host": "evil.example", "Connection": "close"})
        assert connection.getresponse().status == 403
        connection.close()
    with os.fdopen(reader, "rb", buffering=0) as log:
        read = log.read(1 << 20)
        assert b"evil.example" in read
        connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE)
        connection.request("GET", "/", headers={"Host": "last.example", "Connection": "close"})
        assert connection.getresponse().status == 403
        read = log.read(1 << 20)
        assert b"lines of this log are missing: nobody read them" in read
        assert b"last.example" in read
        # And full once more.
        for _ in range(1500):
            connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE)
            connection.request("GET", "/", headers={"Host": "evil.example", "Connection": "close"})
            assert connection.getresponse().status == 403
            connection.close()
        assert server.stop() == 0


def test_the_last_lines_of_the_log_come_out(tmp_path):
    with MillraceServer(tmp_path) as server:
        assert server.stop() == 0
        assert server.log().splitlines()[-1].endswith("Stopping: requests under way are finished first")


def test_few_descriptors_are_enough_for_many_clients(tmp_path):
    server = MillraceServer(tmp_path)
    with open(server.folder / "server.log", "ab") as log:
        server.process = subprocess.Popen(
            [*server.command, *server.flags], cwd=server.folder, stderr=log,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)))
    try:
        while not server.answers():
            time.sleep(0.01)
        idle = [open_connection(server) for _ in range(150)]
        halves = [open_connection(server) for _ in range(150)]
        for half in halves:
            half.sendall(CREATE)
        names = [f"{number}.bin" for number in range(120)]
        body = b"z" * 400_000
        with ThreadPoolExecutor(16) as pool:  # fewer than those that are turned away
            assert list(pool.map(lambda name: upload(server, name, body), names)) == [200] * len(names)
            answers = list(pool.map(lambda name: server.get(f"{ARTIFACTS}/{name}"), names))
        assert [answer[::2] for answer in answers] == [(200, body)] * len(names)
        assert server.get("/readyz")[0] == 200
        assert "Too many open files" not in server.log()
        for connection in idle + halves:
            connection.close()
    finally:
        server.stop()


@pytest.mark.parametrize("count", [1, 3])
def test_a_stop_lets_an_upload_go_on_while_it_flows(tmp_path, count):
    with MillraceServer(tmp_path) as server:
        size = 1_000_000
        connections = [open_connection(server) for _ in range(count)]
        for number, connection in enumerate(connections):
            connection.sendall(b"PUT %s/%d.bin HTTP/1.1\r\n" % (ARTIFACTS.encode(), number) + HOST
                               + b"Content-Length: %d\r\n\r\n" % size)
            connection.sendall(b"a" * (size // 10))
        until = time.monotonic() + 60
        while len(list((server.folder / "mlartifacts").rglob(".artifact.uploading.*"))) < count:  # they are being read
            assert time.monotonic() < until, server.log()
            time.sleep(0.01)
        server.process.send_signal(signal.SIGTERM)
        for _ in range(9):  # longer than a silent one gets
            time.sleep(0.4)
            for connection in connections:
                connection.sendall(b"a" * (size // 10))
        for connection in connections:
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
        assert server.process.wait(30) == 0
        for number in range(count):
            assert (server.folder / "mlartifacts" / f"{number}.bin").stat().st_size == size
