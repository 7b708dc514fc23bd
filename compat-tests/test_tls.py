"""TLS in the process: what is spoken, what is shown, and that handshakes hold nothing up."""

import contextlib
import http.client
import os
import signal
import socket
import ssl
import subprocess
import time

import pytest

from support.millrace_server import BINARY, environment, free_port
from support.tls import TlsServer

READ = "/api/2.0/mlflow/registered-models/get?name=m"
PATIENCE = 10  # seconds, where an answer takes milliseconds


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with TlsServer(tmp_path_factory.mktemp("tls")) as running:
        assert running.post("/api/2.0/mlflow/registered-models/create", b'{"name": "m"}')[0] == 200
        yield running


def s_client(server, *words, sent=""):
    """Exit code and words of an openssl that connects."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"{server.host}:{server.port}", "-CAfile", server.certificates.authority,
         "-verify_return_error", *words], input=sent, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_new_protocols_and_http_1_1(server):
    for version, name in [("-tls1_3", "TLSv1.3"), ("-tls1_2", "TLSv1.2")]:
        code, told = s_client(server, version, "-alpn", "h2,http/1.1")
        assert code == 0, told
        assert name in told
        assert "ALPN protocol: http/1.1" in told
        assert "Verify return code: 0 (ok)" in told
        assert "Compression: NONE" in told


@pytest.mark.parametrize("words", [
    ["-tls1_1"], ["-tls1"], ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], ["-tls1_2", "-cipher", "AES128-SHA"],
    ["-tls1_2", "-cipher", "AES256-GCM-SHA384"], ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384"],
    ["-tls1_2", "-cipher", "eNULL"], ["-tls1_2", "-cipher", "aNULL"], ["-alpn", "h2"]])
def test_what_is_old_or_weak(server, words):
    if "-cipher" in words:  # also those that this openssl would not use by itself
        words = [*words[:-1], words[-1] + ":@SECLEVEL=0"]
    elif words[0].startswith("-tls1"):
        words = [*words, "-cipher", "ALL:@SECLEVEL=0"]
    code, told = s_client(server, *words)
    assert code != 0, told
    assert "Cipher is (NONE)" in told or "alert" in told, told


def test_nothing_is_negotiated_anew(server):
    _, told = s_client(server, "-tls1_2", sent="R\n")
    assert "RENEGOTIATING" in told
    assert "no renegotiation" in told, told


def test_a_session_goes_on_by_its_ticket(server, tmp_path):
    for version in ("-tls1_2", "-tls1_3"):
        session = tmp_path / version
        request = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        _, told = s_client(server, version, "-ign_eof", "-sess_out", str(session), sent=request)
        assert "New, TLS" in told, told
        _, told = s_client(server, version, "-ign_eof", "-sess_in", str(session), sent=request)
        assert "Reused, TLS" in told, told


def test_slow_handshakes_hold_nothing_up(server):
    outgoing = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        server.tls.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=server.host).do_handshake()
    hello = outgoing.read()
    with contextlib.ExitStack() as stack:
        for number in range(400):
            connection = stack.enter_context(socket.create_connection((server.host, server.port), timeout=60))
            connection.sendall(hello[:number % len(hello)])
        for _ in range(20):
            for path in ("/livez", READ):
                connection = http.client.HTTPSConnection(server.host, server.port, timeout=PATIENCE, context=server.tls)
                connection.request("GET", path, headers={"Connection": "close"})
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200
                connection.close()


def test_idle_connections_are_small(server):
    def resident_kib():
        with open(f"/proc/{server.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def ask(connection):
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")

    with contextlib.ExitStack() as stack:
        for _ in range(20):  # so that what the first ones need is there
            ask(stack.enter_context(server.connect()))
        before = resident_kib()
        for _ in range(300):
            ask(stack.enter_context(server.connect()))
        assert (resident_kib() - before) / 300 < 30


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_renewed_certificate_is_shown_and_no_connection_is_lost(tmp_path):
    with TlsServer(tmp_path) as server:
        kept = http.client.HTTPSConnection(server.host, server.port, timeout=60, context=server.tls)

        def answers():
            kept.request("GET", "/health")
            answer = kept.getresponse()
            answer.read()
            return answer.status == 200

        assert answers()
        socket_before = kept.sock
        server.certificates.issue("server", "second")
        until(lambda: server.shown_name() == "second")
        key = server.certificates.folder / "server.key"
        key.rename(key.with_suffix(".away"))
        until(lambda: f"The certificate is not renewed: --ssl-keyfile {key}: No such file" in server.log())
        assert server.shown_name() == "second"
        key.with_suffix(".away").rename(key)
        until(lambda: server.log().count("The certificate is renewed") >= 2)
        renewed = server.log().count("The certificate is renewed")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: server.log().count("The certificate is renewed") > renewed)
        assert answers()
        assert kept.sock is socket_before
        assert server.stop() == 0


def test_clients_that_must_show_a_certificate(tmp_path, monkeypatch):
    server = TlsServer(tmp_path)
    certificate, key = server.certificates.issue("client", "client")
    server.flags += ["--ssl-ca-certs", str(server.certificates.authority)]
    without = ssl.create_default_context(cafile=server.certificates.authority)
    server.tls.load_cert_chain(certificate, key)
    with server:
        assert server.get("/livez")[0] == 200
        with pytest.raises((ssl.SSLError, ConnectionError)):  # TLS 1.3 refuses after the handshake
            connection = http.client.HTTPSConnection(server.host, server.port, timeout=60, context=without)
            connection.request("GET", "/livez")
            connection.getresponse()
        both = tmp_path / "client-both.pem"
        both.write_text(certificate.read_text() + key.read_text())
        monkeypatch.setenv("MLFLOW_TRACKING_CLIENT_CERT_PATH", str(both))
        monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(server.certificates.authority))
        from mlflow import MlflowClient
        assert MlflowClient(server.url).create_registered_model("by certificate").name == "by certificate"


def test_the_stock_client(server, tmp_path, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.certificates.authority))
    from mlflow import MlflowClient
    client = MlflowClient(server.url)
    run = client.create_run("0")
    client.log_metric(run.info.run_id, "loss", 0.5)
    file = tmp_path / "model.bin"
    file.write_bytes(os.urandom(3_000_000))
    client.log_artifact(run.info.run_id, str(file))
    client.create_registered_model("over tls")
    version = client.create_model_version("over tls", f"runs:/{run.info.run_id}/model.bin", run.info.run_id)
    assert client.get_model_version("over tls", version.version).run_id == run.info.run_id
    back = client.download_artifacts(run.info.run_id, "model.bin", str(tmp_path / "."))
    assert open(back, "rb").read() == file.read_bytes()


def test_the_own_addresses_are_of_https(server):
    connection = http.client.HTTPSConnection(server.host, server.port, timeout=60, context=server.tls)
    connection.request("GET", "/api/2.0/mlflow//registered-models/get?name=m")
    answer = connection.getresponse()
    assert answer.status == 308
    assert answer.headers["location"].startswith(f"{server.url}/")


def test_files_that_cannot_be_used_end_the_start(tmp_path):
    server = TlsServer(tmp_path)
    certificate, key = server.certificates.folder / "server.pem", server.certificates.folder / "server.key"

    def start(*flags):
        done = subprocess.run([BINARY, "server", "--port", str(free_port()), *map(str, flags)], cwd=tmp_path,
                              env=environment(), capture_output=True, text=True, timeout=60)
        assert done.returncode != 0
        assert not (tmp_path / "mlflow.db").exists()
        return done.stderr

    missing = tmp_path / "missing.pem"
    assert f"--ssl-certfile {missing}: No such file or directory" in start("--ssl-certfile", missing)
    assert f"--ssl-keyfile {certificate}: no usable private key" in start(
        "--ssl-certfile", certificate, "--ssl-keyfile", certificate)
    assert "--ssl-keyfile and --ssl-ca-certs need --ssl-certfile" in start("--ssl-keyfile", key)
    assert f"--ssl-ca-certs {key}: no certificates" in start(
        "--ssl-certfile", certificate, "--ssl-keyfile", key, "--ssl-ca-certs", key)
    if os.geteuid() != 0:
        key.chmod(0)
        told = start("--ssl-certfile", certificate, "--ssl-keyfile", key)
        assert f"--ssl-keyfile {key}: Permission denied" in told
