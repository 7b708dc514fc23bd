"""The two public Helm charts, MLflow's own and the community's: the command lines and environments of their pods and jobs.

What the charts make of paths, addresses and passwords stands here with the test's own; all else as they write it.
"""

import http.client
import json
import os
import ssl
import subprocess
import tempfile
from pathlib import Path

import pytest

from support.database_servers import MariaDb
from support.millrace_server import BINARY, MillraceServer, environment
from support.tls import Certificates

USER, USER_PASSWORD = "mlflowuser", "Pa33w0rd"


class Pod(MillraceServer):
    """A container with its own folder as working directory, asked as the kubelet does: by its address, without a name."""

    def __init__(self, folder, flags, certificates=None, **variables):
        super().__init__(folder, **variables)
        self.flags = [flag.format(port=self.port) for flag in flags]
        self.certificates = certificates
        if certificates:
            self.url = self.url.replace("http:", "https:")
            self.tls = ssl.create_default_context(cafile=certificates.authority)

    def probe(self, path):
        """The status of a probe, which verifies no certificate."""
        connection = (http.client.HTTPSConnection(self.host, self.port, timeout=60,
                                                  context=ssl._create_unverified_context())
                      if self.tls else http.client.HTTPConnection(self.host, self.port, timeout=60))
        connection.request("GET", path, headers={"Host": f"10.244.0.17:{self.port}", "User-Agent": "kube-probe/1.30"})
        status = connection.getresponse().status
        connection.close()
        return status

    def ok(self, path, body):
        status, _, answer = self.post(f"/api/2.0/mlflow/{path}", json.dumps(body).encode())
        assert status == 200, answer
        return json.loads(answer)

    def creates_and_finds(self):
        self.ok("registered-models/create", {"name": "m"})
        status, _, body = self.get("/api/2.0/mlflow/registered-models/search?filter=name%20LIKE%20%27m%27")
        assert status == 200 and [model["name"] for model in json.loads(body)["registered_models"]] == ["m"]

    def deleted_run_with_a_file(self):
        """Its artifact's path below the destination."""
        run = self.ok("runs/create", {"experiment_id": "0"})["run"]["info"]
        path = f"0/{run['run_id']}/artifacts/model.bin"
        done = subprocess.run(["curl", "-sS", "--fail", "-T", "-", f"{self.url}/api/2.0/mlflow-artifacts/artifacts/{path}",
                               *(["--cacert", self.certificates.authority] if self.tls else [])],
                              input=b"weights", capture_output=True)
        assert done.returncode == 0, done.stderr
        self.ok("runs/delete", {"run_id": run["run_id"]})
        return path


def job(folder, command, **variables):
    """The output of a container of a CronJob; `mlflow` is the program that the image has under this name."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    (programs / "mlflow").symlink_to(BINARY)
    path = f"{programs}:{os.environ['PATH']}"
    done = subprocess.run(command, cwd=folder, env={**environment(**variables), "PATH": path},
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def tls_of_databases(databases):
    """A MariaDB that takes connections by TLS alone, with the variables that MLflow has for it; elsewhere nothing."""
    if databases.kind != "mysql":
        yield None, {}
        return
    with tempfile.TemporaryDirectory() as folder:  # not in pytest's, which the account of the database may not enter
        certificates = Certificates(Path(folder))
        certificate, key = certificates.issue("server", "mariadb")
        for path in (certificates.folder, certificate, key):
            path.chmod(0o755)
        with MariaDb(f"ssl-cert={certificate}", f"ssl-key={key}", f"ssl-ca={certificates.authority}",
                     "require-secure-transport=ON") as server:
            yield server, {"MLFLOW_MYSQL_SSL_CA": str(certificates.authority)}


def new_database(server):
    """Address and name of an empty database of the user of the charts' examples."""
    name = server.create_database().rpartition("/")[2]
    if server.kind == "mysql":
        server.query(f"CREATE OR REPLACE USER {USER}@'%' IDENTIFIED BY '{USER_PASSWORD}' REQUIRE SSL; "
                     f"GRANT ALL ON {name}.* TO {USER}@'%';")
    else:
        server.query(f"DROP DATABASE {name}")
        server.query(f"DO $$ BEGIN CREATE ROLE {USER} LOGIN PASSWORD '{USER_PASSWORD}'; "
                     "EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        server.query(f"CREATE DATABASE {name} OWNER {USER}")
    return f"{server.host}:{server.port}", name


# ---- MLflow's chart ----


def store_of_mlflows_chart(databases, tls, folder):
    """mlflow.backendStoreUri and the variables in .Values.env."""
    if databases.kind == "sqlite":
        return f"sqlite:///{folder}/mlflow.db", {}
    server, variables = (tls[0] or databases.server), tls[1]
    address, name = new_database(server)
    return f"{server.scheme}://{USER}:{USER_PASSWORD}@{address}/{name}", variables


@pytest.mark.parametrize("with_everything", [False, True], ids=["defaults", "tls, prefix, metrics"])
def test_mlflows_chart(databases, tls_of_databases, tmp_path, with_everything):
    uri, variables = store_of_mlflows_chart(databases, tls_of_databases, tmp_path)
    flags, certificates, prefix = ["--host=0.0.0.0", "--port={port}", "--workers=4"], None, ""
    if with_everything:
        certificates, prefix = Certificates(tmp_path / "private"), "/mlflow"
        certificate, key = certificates.issue("server", "mlflow")
        flags += [f"--static-prefix={prefix}",
                  f"--uvicorn-opts=--ssl-keyfile={key} --ssl-certfile={certificate} --proxy-headers",
                  f"--expose-prometheus={tmp_path}/metrics"]
    pod = Pod(tmp_path / "pod", flags, certificates, MLFLOW_BACKEND_STORE_URI=uri,
              MLFLOW_ARTIFACTS_DESTINATION=str(tmp_path / "artifacts"), **variables)
    with pod:
        assert pod.probe(f"{prefix}/health") == 200
        if prefix:
            pod.url += prefix
        pod.creates_and_finds()
        if prefix:  # native routes of files stand outside of the prefix
            return
        file = tmp_path / "artifacts" / pod.deleted_run_with_a_file()
        assert file.exists()
        script = ('mlflow gc \\\n  --backend-store-uri="$MLFLOW_BACKEND_STORE_URI" \\\n  --older-than="0d" \\\n'
                  '  --all-workspaces \\\n  ;\n')
        said = job(tmp_path / "job", ["/bin/sh", "-c", script], MLFLOW_BACKEND_STORE_URI=uri,
                   MLFLOW_TRACKING_URI=pod.url, **variables)
        assert "has been permanently deleted" in said
        assert not file.exists()


@pytest.mark.sqlite
def test_mlflows_chart_with_tls_collects_garbage(tmp_path):
    certificates = Certificates(tmp_path / "private")
    certificate, key = certificates.issue("server", "mlflow")
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    with Pod(tmp_path / "pod", ["--host=0.0.0.0", "--port={port}", "--workers=4",
                                f"--uvicorn-opts=--ssl-keyfile={key} --ssl-certfile={certificate} --proxy-headers"],
             certificates, MLFLOW_BACKEND_STORE_URI=uri, MLFLOW_ARTIFACTS_DESTINATION=str(tmp_path / "artifacts")) as pod:
        assert pod.probe("/health") == 200
        file = tmp_path / "artifacts" / pod.deleted_run_with_a_file()
        job(tmp_path / "job", ["/bin/sh", "-c", 'mlflow gc --backend-store-uri="$MLFLOW_BACKEND_STORE_URI" ;'],
            MLFLOW_BACKEND_STORE_URI=uri, MLFLOW_TRACKING_URI=pod.url,
            MLFLOW_TRACKING_SERVER_CERT_PATH=str(certificates.authority))
        assert not file.exists()


# ---- The community's chart ----

# The ConfigMap and the secret of every pod.
COMMON = {"MLFLOW_CONFIGURE_LOGGING": "true", "MLFLOW_LOGGING_LEVEL": "INFO", "MLFLOW_VERSION": "3.17.2",
          "MLFLOW_FLASK_SERVER_SECRET_KEY": "c0ffee"}
# Of the container: Kubernetes puts variables in place of $(...), and no shell takes the inner quotation marks away.
LOG_LEVEL = "--uvicorn-opts='--log-level=info'"


def store_of_the_communitys_chart(databases, tls, folder):
    """Its --backend-store-uri and the variables that go with it."""
    if databases.kind == "sqlite":
        return f"--backend-store-uri=sqlite:///{folder}/mlflow.db", {}
    server, variables = (tls[0] or databases.server), tls[1]
    address, name = new_database(server)
    host, port = address.split(":")
    if server.kind == "postgresql":
        return "--backend-store-uri=postgresql://", {
            "PGHOST": host, "PGPORT": port, "PGDATABASE": name, "PGUSER": USER, "PGPASSWORD": USER_PASSWORD}
    return f"--backend-store-uri=mysql+pymysql://{USER}:{USER_PASSWORD}@{address}/{name}", {
        "MYSQL_HOST": host, "MYSQL_TCP_PORT": port, "MYSQL_DATABASE": name, "MYSQL_USERNAME": USER,
        "MYSQL_PWD": USER_PASSWORD, **variables}


def test_the_communitys_chart(databases, tls_of_databases, tmp_path):
    store, variables = store_of_the_communitys_chart(databases, tls_of_databases, tmp_path)
    variables = {**COMMON, **variables}
    flags = ["--host=0.0.0.0", "--port={port}", store, f"--artifacts-destination={tmp_path}/artifacts",
             "--serve-artifacts", "--expose-prometheus=/mlflow/metrics", LOG_LEVEL]
    with Pod(tmp_path / "pod", flags, MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true", **variables) as pod:
        assert pod.probe("/health") == 200
        pod.creates_and_finds()
        file = tmp_path / "artifacts" / pod.deleted_run_with_a_file()
        said = job(tmp_path / "job", ["mlflow", "gc", store, "--older-than=0d", "--all-workspaces"],
                   MLFLOW_TRACKING_URI=pod.url, **variables)
        assert "has been permanently deleted" in said
        assert not file.exists()


@pytest.mark.sqlite
def test_the_communitys_chart_as_it_comes(tmp_path):
    """In memory, with artifacts that clients put into a folder of their own."""
    flags = ["--host=0.0.0.0", "--port={port}", "--backend-store-uri=sqlite:///:memory:",
             "--default-artifact-root=./mlruns", LOG_LEVEL]
    with Pod(tmp_path, flags, **COMMON) as pod:
        assert pod.probe("/health") == 200
        assert pod.get("/readyz")[0] == 200
        pod.creates_and_finds()


@pytest.mark.sqlite
def test_the_communitys_chart_behind_a_prefix(tmp_path):
    """It probes without the prefix, and names the hosts that may ask."""
    flags = ["--host=0.0.0.0", "--port={port}", "--backend-store-uri=sqlite:///:memory:",
             "--default-artifact-root=./mlruns", LOG_LEVEL, "--static-prefix=/mlflow"]
    pod = Pod(tmp_path, flags, MLFLOW_SERVER_ALLOWED_HOSTS="mlflow.example", **COMMON)
    with pod:
        assert pod.probe("/health") == 200
        assert pod.probe("/mlflow/api/2.0/mlflow/registered-models/search") == 403
