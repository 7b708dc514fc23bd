"""Fresh servers for the replay."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFERENCE_VENV = Path(os.environ.get("MILLRACE_REFERENCE_VENV", ROOT / "build" / "reference-venv"))


class ReferenceServer:
    """A real `mlflow server` 3.17.2 on its own folder and an empty database, stopped at the end.

    Its Python environment: $MILLRACE_REFERENCE_VENV, else build/reference-venv
    (`python3 -m venv build/reference-venv && build/reference-venv/bin/pip install mlflow==3.17.2`).
    """

    def __init__(self, args, folder):
        self.folder = Path(folder).resolve()
        self.host, self.port = "127.0.0.1", _free_port()
        self.database = self.folder / "mlflow.db"
        self._args = args

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                       "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONHASHSEED": "0"}
        command = [REFERENCE_VENV / "bin" / "mlflow", "server", "--workers", "1",
                   "--backend-store-uri", f"sqlite:///{self.database}",
                   "--port", str(self.port), *self._args]
        with open(self.folder / "server.log", "wb") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log,
                                             stderr=log, start_new_session=True)
        _wait_for_answer(self)
        return self

    def __exit__(self, *_):
        os.killpg(self._process.pid, signal.SIGTERM)  # the group that start_new_session made
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for_answer(server, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server._process.poll() is not None:
            break
        try:
            with socket.create_connection((server.host, server.port), timeout=1):
                pass
            urllib.request.urlopen(f"http://{server.host}:{server.port}/version", timeout=30).close()
            return
        except urllib.error.HTTPError:  # it answers: that is enough (a static prefix hides /version)
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"no answer from the server:\n{(server.folder / 'server.log').read_text()}")
