"""Programs of compat-tests/ that a client's own interpreter runs, and the environments of scripts/make_venv."""

import functools
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from support.millrace_server import ROOT, VENV
from replay import unordered

FOLDER = ROOT / "compat-tests" / "programs"
CLIENTS = {
    "3.17.2": VENV,
    "3.0.1": ROOT / "build" / "client-3.0",
    "2.22.5": ROOT / "build" / "client-2.22",
    "2.9.2": ROOT / "build" / "client-2.9",
}


def environment(server, **variables):
    """As a user has it, where the server is, and what makes a fault fail at once: a client repeats what a server
    refuses with a 5xx for minutes. DO_NOT_TRACK is not MLflow's."""
    return {"PATH": os.environ["PATH"], "HOME": str(server.folder), "DO_NOT_TRACK": "true",
            "MLFLOW_TRACKING_URI": server.url, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
            "MLFLOW_HTTP_REQUEST_TIMEOUT": "60", **variables}


def run(command, server, timeout=300, **variables):
    """Runs a client's program beside a server; returns its standard output, and what it complained of."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout,
                          cwd=server.folder, env=environment(server, **variables))
    assert done.returncode == 0, f"{command} on {server.url}:\n{done.stdout[-2000:]}\n{done.stderr[-6000:]}"
    return done.stdout, done.stderr


class WarmClient:
    """programs/warm_client.py of one environment. It ends with this process, which holds its standard input."""

    _of_version = {}
    _lock = threading.Lock()

    @classmethod
    def of(cls, version):
        with cls._lock:
            if version not in cls._of_version:
                cls._of_version[version] = cls(CLIENTS[version])
            return cls._of_version[version]

    def __init__(self, venv):
        assert venv.exists(), f"{venv} is missing: run scripts/make_venv"
        self._folder = tempfile.TemporaryDirectory(prefix="client-")
        self._address = f"{self._folder.name}/socket"
        self._process = subprocess.Popen(
            [venv / "bin" / "python", "-W", "ignore", FOLDER / "warm_client.py", self._address], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self._folder.name, start_new_session=True,
            env={"PATH": os.environ["PATH"], "HOME": self._folder.name, "DO_NOT_TRACK": "true"})
        assert self._process.stdout.readline() == "ready\n"

    def run(self, words, cwd, env, timeout):
        """Exit code, output and errors; raises TimeoutError."""
        with tempfile.TemporaryDirectory(dir=self._folder.name) as folder, socket.socket(socket.AF_UNIX) as connection:
            output, errors = (Path(folder, name) for name in ("output", "errors"))
            connection.settimeout(timeout)
            connection.connect(self._address)
            connection.sendall(json.dumps({"words": [*map(str, words)], "cwd": str(cwd), "env": env, "output": str(output),
                                           "errors": str(errors)}).encode() + b"\n")
            with connection.makefile() as lines:
                program = int(lines.readline())
                try:
                    code = int(lines.readline())
                except TimeoutError:
                    with suppress(ProcessLookupError):
                        os.killpg(program, signal.SIGKILL)
                    raise
            return code, output.read_text(), errors.read_text()


def run_program(script, version, server, *arguments, timeout=300):
    """Runs a program of programs/ by the client of a version beside a server; returns its standard output."""
    code, printed, complaints = WarmClient.of(version).run([FOLDER / script, *arguments], server.folder,
                                                           environment(server), timeout)
    assert code == 0, f"{script} by {version} on {server.url}:\n{printed[-2000:]}\n{complaints[-6000:]}"
    return printed


@functools.cache
def play(script, version, server):
    """What a script of call_recorder.py saw."""
    printed = run_program(script, version, server)
    answers = json.loads(printed.splitlines()[-1])  # the client, too, prints
    assert answers["version"] == version
    return answers


def play_on_both(script, version, millrace, mlflow_server):
    """Every call of the script sees the same on the two servers; returns what it saw on ours."""
    with ThreadPoolExecutor() as pool:
        ours, theirs = pool.map(lambda server: play(script, version, server), (millrace, mlflow_server))
    kind = millrace.store_uri.partition(":")[0].partition("+")[0]
    for our_call, their_call in zip(ours["seen"], theirs["seen"], strict=True):
        assert unordered.sorted_lists(our_call, kind) == unordered.sorted_lists(their_call, kind)
    return ours
