"""What a start checks, and what it says: folders, options of the servers that MLflow runs, addresses, rights."""

import contextlib
import os
import re
import socket
import ssl
import subprocess
import time

import pytest

from support.database_servers import PASSWORD, SERVERS
from support.millrace_server import BINARY, MillraceServer, environment, free_port
from support.tls import Certificates


def refused(folder, *flags, code=2, **variables):
    """The last line of a start that ends with this exit code."""
    done = subprocess.run([BINARY, "server", "--port", str(free_port()), *map(str, flags)], cwd=folder,
                          env=environment(**variables), capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stderr.splitlines()[-1]


# ---- Folders ----


def test_an_artifacts_destination_that_cannot_be_served(tmp_path):
    for destination in ("s3://bucket/x", "gs://bucket", "file://elsewhere.example/x"):
        assert f"--artifacts-destination: '{destination}'" in refused(tmp_path, "--artifacts-destination", destination)
        assert "--artifacts-destination" in refused(tmp_path, MLFLOW_ARTIFACTS_DESTINATION=destination)
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        assert refused(tmp_path, "--artifacts-destination", path, code=1) == (
            f"Error: --artifacts-destination {path}: Not a directory.")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]  # no database was made
    # Where nobody would serve it, or put anything there, it does not matter.
    for flags in (["--no-serve-artifacts", "--artifacts-destination", "s3://bucket/x"],
                  ["--default-artifact-root", "s3://bucket/x", "--artifacts-destination", str(tmp_path / "file")]):
        with MillraceServer(tmp_path / flags[0], *flags) as server:
            assert server.get("/readyz")[0] == 200


def test_a_further_root_that_is_no_folder(tmp_path):
    assert refused(tmp_path, "--allowed-artifact-root", "s3://bucket/x", code=1) == (
        "Error: --allowed-artifact-root: 's3://bucket/x' is no folder of this machine.")


def test_a_temporary_folder_that_is_not_there(tmp_path):
    said = refused(tmp_path, code=1, TMPDIR=str(tmp_path / "missing"))
    assert f"{tmp_path}/missing ($TMPDIR): No such file or directory" in said
    assert list(tmp_path.iterdir()) == []


# ---- Options of the servers that MLflow runs ----


@pytest.mark.parametrize(("flag", "options"), [
    ("--uvicorn-opts", "--ssl-keyfile={key} --ssl-certfile={certificate} --proxy-headers --log-level info"),
    ("--gunicorn-opts", "--certfile={certificate} --keyfile {key} --timeout 60"),
    ("MLFLOW_UVICORN_OPTS", "--ssl-keyfile {key} --ssl-certfile {certificate}")])
def test_tls_in_their_options(tmp_path, flag, options):
    certificates = Certificates(tmp_path / "certificates")
    certificate, key = certificates.issue("server", "first")
    options = options.format(certificate=certificate, key=key)
    flags, variables = ([f"{flag}={options}"], {}) if flag.startswith("--") else ([], {flag: options})
    server = MillraceServer(tmp_path, *flags, **variables)
    server.url = server.url.replace("http:", "https:")
    server.tls = ssl.create_default_context(cafile=certificates.authority)
    with server:
        assert server.get("/livez")[0] == 200
        assert f"Listening on {server.url}" in server.log()
        assert ("--log-level has no effect" in server.log()) == ("--log-level" in options)
        with contextlib.suppress(ConnectionError), socket.create_connection((server.host, server.port), 60) as plain:
            plain.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" not in plain.recv(1000)


@pytest.mark.parametrize(("flag", "options", "name"), [
    ("--uvicorn-opts", "--uds /tmp/socket", "--uds"), ("--uvicorn-opts", "--host=0.0.0.0", "--host"),
    ("--uvicorn-opts", "--log-level info --root-path /x", "--root-path"), ("--gunicorn-opts", "-b 0.0.0.0:80", "-b"),
    ("--gunicorn-opts", "--bind=unix:/x", "--bind"), ("--waitress-opts", "--listen=*:80", "--listen")])
def test_what_else_they_would_expose_is_refused_by_name(tmp_path, flag, options, name):
    said = refused(tmp_path, f"{flag}={options}")
    assert f"{flag}: " in said and f"'{name}'" in said
    assert list(tmp_path.iterdir()) == []


def test_their_variables(tmp_path):
    assert "'--bind'" in refused(tmp_path, "--gunicorn-opts=-w 1", GUNICORN_CMD_ARGS="--bind 0.0.0.0:80")
    missing = tmp_path / "missing.pem"
    assert f"{missing}: No such file" in refused(tmp_path, code=1, UVICORN_SSL_CERTFILE=str(missing))


def test_trusted_proxies(tmp_path):
    def scheme(server):
        done = subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{redirect_url}", "-H", "X-Forwarded-Proto: https",
             f"{server.url}/api/2.0/mlflow//registered-models/get"], capture_output=True, text=True, check=True)
        return done.stdout.partition(":")[0]

    for number, (options, wanted) in enumerate([("--proxy-headers", "https"), ("--forwarded-allow-ips=*", "https"),
                                                ("--forwarded-allow-ips 127.0.0.0/8", "https"),
                                                ("--forwarded-allow-ips 10.0.0.0/8", "http")]):
        with MillraceServer(tmp_path / str(number), f"--uvicorn-opts={options}") as server:
            assert scheme(server) == wanted, options


# ---- Addresses ----


def has_ipv6():
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("host", ["[::1]", "::1"])
def test_ipv6(tmp_path, host):
    server = MillraceServer(tmp_path)
    server.flags[server.flags.index("--host") + 1] = host
    server.host, server.url = "::1", f"http://[::1]:{server.port}"
    with server:
        assert f"Listening on {server.url}\n" in server.log()
        assert server.get("/")[0] == 200  # by the default list of hosts
        assert f"cannot listen on [::1]:{server.port}" in refused(
            tmp_path, "--host", host, "--port", server.port, code=1)
    for allowed, status in (("::1", 403), (f"[::1]:{server.port}", 200), ("[::1]:*", 200), ("[::2]:*", 403)):
        server.flags += ["--allowed-hosts", allowed]
        with server:
            assert server.get("/")[0] == status, allowed


# ---- Rights ----


@pytest.mark.parametrize("kind", SERVERS)
def test_the_right_that_is_missing_is_named(kind, tmp_path):
    with SERVERS[kind]() as database:
        uri = database.create_database()
        name = uri.rpartition("/")[2]
        if kind == "postgresql":
            database.query(f"CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'")
            expected = "Error: The user of the database lacks the right to CREATE for schema public."
        else:
            database.query(f"CREATE USER app@'%' IDENTIFIED BY '{PASSWORD}'; GRANT SELECT ON {name}.* TO app@'%';")
            expected = "CREATE command denied"
        as_app = uri.replace(f"//{database.user}:", "//app:")
        assert expected in refused(tmp_path, "--backend-store-uri", as_app, code=1)

        with MillraceServer(tmp_path / "first", store_uri=uri) as server:
            assert server.get("/readyz")[0] == 200
        if kind == "postgresql":
            database.query("GRANT SELECT ON ALL TABLES IN SCHEMA public TO app", name)
        server = MillraceServer(tmp_path / "second", store_uri=as_app)
        server.launch()
        try:
            end = time.monotonic() + 60
            while server.process.poll() is None and not server.answers():
                assert time.monotonic() < end
                time.sleep(0.01)
            said = server.log()
            if server.process.poll() is None:  # it needs no write to start
                said = server.post("/api/2.0/mlflow/registered-models/create", b'{"name": "m"}')[2].decode()
            assert re.search(r"The user of the database lacks the right to [A-Z]+ for (table|schema) ", said), said
            assert "app'@" not in said.splitlines()[-1]
        finally:
            server.stop()


# ---- Waiting ----


def test_a_certificate_in_a_pipe_is_not_waited_for(tmp_path):
    """Nobody writes into it. (How a start that waits for a database is stopped: test_database_wait.)"""
    os.mkfifo(tmp_path / "pipe.pem")
    pipe = tmp_path / "pipe.pem"
    assert refused(tmp_path, "--ssl-certfile", pipe, code=1) == f"Error: --ssl-certfile {pipe}: it is not a regular file"
