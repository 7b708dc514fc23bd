"""What an attacker or a bad night does to the process: memory, log, disk and signals stay in order."""

import http.client
import json
import shutil
import signal
import sqlite3
import subprocess
import time
from urllib.parse import quote

import pytest
from support.millrace_server import BINARY, MillraceServer, environment, free_port
from support.rest import Rest


@pytest.fixture
def server(tmp_path):
    with MillraceServer(tmp_path) as running:
        yield running


def resident_mib(server):
    with open(f"/proc/{server.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def test_long_searches_leave_no_memory_behind(server):
    rest = Rest(server)

    def search(start):
        conditions = " AND ".join(f"tags.`k{n}` != 'a'" for n in range(start, start + 600))
        rest.ok("GET", f"registered-models/search?filter={quote(conditions)}")

    for start in range(5):
        search(start)
    before = resident_mib(server)
    for start in range(5, 150):
        search(start)
    assert resident_mib(server) < before + 32


def test_a_body_of_too_many_values_is_refused_in_bounded_memory(server):
    rest = Rest(server)
    body = b'{"name": "x", "tags": [' + b"{}," * 2_000_000 + b"{}]}"
    rest.connection.request("POST", "/api/2.0/mlflow/registered-models/create", body,
                            {"Content-Type": "application/json"})
    answer = rest.connection.getresponse()
    assert answer.status == 400
    assert b"more than 1000000 values" in answer.read()
    rest.close()
    assert resident_mib(server) < 600


def test_what_a_client_sends_stays_on_its_line_of_the_log(server):
    connection = http.client.HTTPConnection(server.host, server.port)
    connection.putrequest("GET", "/api/2.0/mlflow/registered-models/search", skip_host=True)
    connection.putheader("Host", "evil\x1b[31m" + "x" * 5000)
    connection.endheaders()
    assert connection.getresponse().status in (400, 403)
    connection.close()
    rest = Rest(server)
    rest.call("POST", "registered-models/create", {"name": "m"})
    rest.call("POST", "model-versions/create", {"name": "m", "source": "runs:////x\nFORGED LINE"})
    rest.close()
    log = server.log()
    assert "\x1b" not in log
    assert not any(line.startswith("FORGED") for line in log.splitlines())
    assert all(len(line) < 1000 for line in log.splitlines())


def peak_mib(server, act):
    """The most memory that the server has while something is done."""
    with open(f"/proc/{server.process.pid}/clear_refs", "w") as peaks:
        peaks.write("5")
    act()
    with open(f"/proc/{server.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


MIB = 1 << 20


@pytest.mark.parametrize("method, path, field, text", [
    ("POST", "registered-models/set-tag", "key", "a/" * (10 * MIB)),
    ("POST", "model-versions/create", "source", "s3://b" + "/a" * (10 * MIB)),
    ("POST", "model-versions/create", "source", "/a" * (10 * MIB)),
    ("GET", "artifacts/list", "path", "a/" * (10 * MIB)),
    ("GET", "registered-models/search", "page_token", "W1tb" * (5 * MIB)),
    ("POST", "registered-models/rename", "new_name", "a/" * (10 * MIB)),
    ("POST", "registered-models/create", "tags", "a" * (20 * MIB)),
])
def test_a_long_text_takes_a_few_times_its_length(server, method, path, field, text):
    rest = Rest(server)
    rest.call("POST", "registered-models/create", {"name": "m"})
    run_id = rest.call("POST", "runs/create", {"experiment_id": "0"})[1]["run"]["info"]["run_id"]
    body = {"name": "m", "value": "v", "run_id": run_id, field: text}
    before = resident_mib(server)
    answers = []
    peak = peak_mib(server, lambda: answers.append(rest.call(method, path, body)))
    rest.close()
    status, answer = answers[0]
    assert status == 200 or status == 400 and len(answer["message"]) < 135_000
    assert peak - before < 20 * len(text) / MIB
    assert resident_mib(server) - before < 16


def test_a_graphql_request_has_one_budget(server):
    rest = Rest(server)
    for i in range(40):
        run_id = rest.call("POST", "runs/create", {"experiment_id": "0"})[1]["run"]["info"]["run_id"]
        for j in range(3):
            rest.ok("POST", "runs/log-batch", {"run_id": run_id, "metrics": [
                {"key": f"m{j}.{k}", "value": i, "timestamp": 1, "step": 1} for k in range(1000)]})
    fields = " ".join(f'a{i}:mlflowSearchRuns(input:{{experimentIds:["0"]}}){{runs{{data{{metrics{{key value}}}}}}}}'
                      for i in range(10))
    before = resident_mib(server)
    answers = []

    def ask():
        rest.connection.request("POST", "/graphql", json.dumps({"query": "{" + fields + "}"}),
                                {"Content-Type": "application/json"})
        answers.append(json.loads(rest.connection.getresponse().read()))

    peak = peak_mib(server, ask)
    rest.close()
    data, errors = answers[0]["data"], answers[0]["errors"]
    assert len(data["a0"]["runs"][39]["data"]["metrics"]) == 3000
    assert data["a9"] is None
    assert "made from more than 24 MiB" in errors[-1]
    assert peak - before < 400
    assert resident_mib(server) - before < 64


def assert_lost(server, rest):
    """Nothing is read or written, and whoever watches over the process hears of it."""
    status, answer = rest.call("POST", "registered-models/create", {"name": "lost"})
    assert (status, answer["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
    time.sleep(0.05)  # reads look now and then
    assert rest.call("GET", "registered-models/get?name=before")[0] == 503
    assert server.get("/readyz")[0] == 503
    assert server.get("/livez")[0] == 503
    assert server.get("/health")[0] == 200


def test_nothing_is_done_with_a_file_that_is_gone(tmp_path):
    with MillraceServer(tmp_path) as server:
        rest = Rest(server)
        rest.ok("POST", "registered-models/create", {"name": "before"})
        server.database.rename(server.database.with_suffix(".away"))
        assert_lost(server, rest)
        server.database.with_suffix(".away").rename(server.database)
        assert_lost(server, rest)
        assert server.log().count("was removed or replaced under the running server") == 1
        server.restart()
        rest = Rest(server)
        rest.ok("GET", "registered-models/get?name=before")
        rest.ok("POST", "registered-models/create", {"name": "after"})


def test_a_backup_that_is_put_in_place_under_the_server_is_what_the_next_start_serves(tmp_path):
    with MillraceServer(tmp_path) as server:
        Rest(server).ok("POST", "registered-models/create", {"name": "kept"})
    backup = server.database.with_suffix(".backup")
    shutil.copyfile(server.database, backup)
    with server:
        rest = Rest(server)
        rest.ok("GET", "registered-models/get?name=kept")  # nothing was written before it is replaced
        backup.rename(server.database)
        status, _ = rest.call("POST", "registered-models/create", {"name": "lost"})
        assert status == 503
        server.restart()
        rest = Rest(server)
        rest.ok("GET", "registered-models/get?name=kept")
        assert rest.call("GET", "registered-models/get?name=lost")[0] == 404
    with sqlite3.connect(server.database) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_signal_during_the_start_ends_it(tmp_path):
    with MillraceServer(tmp_path) as server:
        pass  # makes the database
    with sqlite3.connect(server.database, isolation_level=None) as holder:
        holder.execute("PRAGMA journal_mode = delete")
        holder.execute("BEGIN EXCLUSIVE")
        process = subprocess.Popen(
            [BINARY, "server", "--backend-store-uri", f"sqlite:///{server.database}", "--port", str(free_port())],
            cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL)
        time.sleep(1)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


@pytest.mark.parametrize("flag", ["--backend-store-uri", "--registry-store-uri"])
@pytest.mark.parametrize("uri", ["mysql+pymysql://u:secret@h/db?no_such_option=1", "oracle://u:secret@h/db"])
def test_a_database_that_cannot_be_used_ends_the_start_without_its_password(tmp_path, flag, uri):
    done = subprocess.run([BINARY, "server", flag, uri], cwd=tmp_path, env=environment(), capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 2, done.stderr
    assert done.stderr
    assert "secret" not in done.stdout + done.stderr


@pytest.mark.parametrize("flag", ["--backend-store-uri", "--registry-store-uri"])
def test_a_database_that_is_waited_for_is_told_without_its_password(tmp_path, flag):
    uri = "mysql+pymysql://u:secret@127.0.0.1:1/db"  # nobody listens there
    with subprocess.Popen([BINARY, "server", flag, uri, "--port", str(free_port())], cwd=tmp_path, env=environment(),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        told = ""
        while "cannot be reached" not in told:
            line = process.stdout.readline()
            assert line, told
            told += line
        process.send_signal(signal.SIGTERM)
        told += process.stdout.read()
    assert "secret" not in told
