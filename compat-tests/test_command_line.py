"""The process: its exit codes, its output, its ends."""

import contextlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import time

import pytest

from support.millrace_server import BINARY, MillraceServer, environment, free_port


def run(*arguments, folder, **variables):
    return subprocess.run([BINARY, *arguments], cwd=folder, capture_output=True, text=True,
                          timeout=30, env=environment(**variables))


@pytest.mark.parametrize(("flags", "names"), [
    (["--port", "abc"], "--port"),
    (["--port", "65536"], "--port"),
    (["--host"], "--host"),
    (["--no-such-flag"], "--no-such-flag"),
    (["--static-prefix", "p"], "--static-prefix"),
    (["--backend-store-uri", "file:///old"], "--backend-store-uri"),
    (["--backend-store-uri", "./old"], "mlflow migrate-filestore --source ./old"),
    (["--app-name", "basic-auth"], "--app-name"),
])
def test_bad_usage_is_one_line_that_names_the_flag(tmp_path, flags, names):
    result = run("server", *flags, folder=tmp_path)
    assert result.returncode == 2
    assert names in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []  # nothing was created


def test_old_file_store_is_not_hidden_by_an_empty_database(tmp_path):
    (tmp_path / "mlruns" / "0").mkdir(parents=True)
    (tmp_path / "mlruns" / "0" / "meta.yaml").write_text("experiment_id: '0'\n")
    result = run("server", folder=tmp_path)
    assert result.returncode == 2
    assert "mlflow migrate-filestore --source ./mlruns --target sqlite:///mlflow.db" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mlruns"]


def test_what_cannot_start_says_why(tmp_path):
    for uri, code in (("nonsense://x", 2), (f"sqlite:///{tmp_path}", 1)):  # the second is a folder
        result = run("server", "--port", str(free_port()), "--backend-store-uri", uri, folder=tmp_path)
        assert (result.returncode, result.stderr != "") == (code, True), result.stderr
        assert "terminate called" not in result.stderr


def test_a_taken_port_exits_1(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run("server", "--port", port, folder=tmp_path)
    assert result.returncode == 1
    assert port in result.stderr


def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    content = b"not a database, but somebody's\n" * 100
    (tmp_path / "mlflow.db").write_bytes(content)
    result = run("server", "--port", str(free_port()), folder=tmp_path)
    assert result.returncode == 1
    assert (tmp_path / "mlflow.db").read_bytes() == content


def test_version():
    result = run("--version", folder=".")
    assert result.returncode == 0
    assert "MLflow 3.17.2 API" in result.stdout


def test_defaults_are_those_of_mlflow_server(tmp_path):
    port = free_port()
    with subprocess.Popen([BINARY, "server"], cwd=tmp_path, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL, env=environment(MLFLOW_PORT=str(port))) as process:
        wait_for(lambda: answers(port))
        process.send_signal(signal.SIGTERM)
        output = process.communicate(timeout=30)[0]
    assert process.returncode == 0
    assert output.startswith("Backend store URI not provided. Using sqlite:///mlflow.db\n"
                             "Registry store URI not provided. Using backend store URI.\n")
    assert (tmp_path / "mlflow.db").is_file()


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_stop_ends_with_0(tmp_path, number):
    server = MillraceServer(tmp_path)
    server.start()
    with socket.create_connection((server.host, server.port)) as idle:  # must not hold it up
        server.process.send_signal(number)
        assert server.process.wait(30) == 0, server.log()
        with contextlib.suppress(ConnectionResetError):  # it may not have been accepted yet
            assert idle.recv(1) == b""
    server.process = None
    # A clean stop leaves one file, in the journal mode that SQLite gives a new one.
    assert [path.name for path in tmp_path.iterdir() if path.name != "server.log"] == ["mlflow.db"]
    with sqlite3.connect(server.database) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_request_under_way_is_answered_before_the_end(tmp_path):
    server = MillraceServer(tmp_path)
    server.start()
    body = b'{"name": "late"}'
    with socket.create_connection((server.host, server.port)) as connection:
        connection.sendall(
            b"POST /api/2.0/mlflow/registered-models/create HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:5])
        time.sleep(0.2)  # the head is read by now, the body is awaited
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: not answers(server.port))
        connection.sendall(body[5:])
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert server.process.wait(30) == 0
    server.process = None
    with server:
        assert server.get("/api/2.0/mlflow/registered-models/get?name=late")[0] == 200


def test_a_kill_during_the_first_start_leaves_a_file_that_starts_again(tmp_path):
    """Killed after more and more milliseconds, from before the file is made until the schema is whole."""
    states = set()
    for delay in [step * 0.002 for step in range(40)]:
        server = MillraceServer(tmp_path / f"{delay:.3f}")
        server.launch()
        time.sleep(delay)
        server.kill()
        # Looked at on a copy, because looking would repair what the kill left.
        copy = shutil.copytree(server.folder, tmp_path / f"{delay:.3f} copy")
        states.add(tables(copy / "mlflow.db"))
        server.start()
        assert server.get("/api/2.0/mlflow/registered-models/search?max_results=1")[::2] == (200, b"{}")
        assert server.stop() == 0
        assert tables(server.database) > 30
        with sqlite3.connect(server.database) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert len(states) > 1, f"every kill came at the same state, tables: {states}"


def tables(path):
    """How many tables a database file holds, -1 when there is no file."""
    if not path.exists():
        return -1
    with sqlite3.connect(path) as database:
        return database.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0]


def test_start_times_are_printed(tmp_path, record_testsuite_property, capsys):
    server = MillraceServer(tmp_path)
    times = {"on an empty folder": server.start(), "on an existing database": server.restart()}
    assert server.stop() == 0
    with capsys.disabled():
        for case, seconds in times.items():
            print(f"\nfirst answer {case}: {seconds * 1000:.0f} ms", end="")
            record_testsuite_property(f"first answer {case}", seconds)
