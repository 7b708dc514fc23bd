"""Servers to test against: Millrace, and the real MLflow, each on a folder of its own and a free port."""

import functools
import itertools
import os
import random
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from support.warm_mlflow import MlflowProcess

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = Path(os.environ.get("MILLRACE_BINARY", ROOT / "build" / "release" / "millrace"))
VENV = Path(os.environ.get("MILLRACE_REFERENCE_VENV", ROOT / "build" / "reference-venv"))


def environment(**variables):
    """This process's environment without MLflow's settings, with the given ones."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "_MLFLOW_"))}
    return {**inherited, "MLFLOW_DISABLE_TELEMETRY": "true", **variables}


class Server:
    """A server process; `folder` is its working directory, `folder/server.log` has its output.

    It may be stopped or killed and started again, on the same port and files.
    """

    command = ()  # what comes before the flags
    start_timeout = 30  # seconds
    tls = None  # the ssl.SSLContext of a client, where the server speaks TLS

    def __init__(self, folder, *flags, database="mlflow.db", store_uri=None, **variables):
        """`store_uri`: a database of a server; else `database` names a SQLite file in the folder."""
        self.folder = Path(folder).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.database = self.folder / database
        self.store_uri = store_uri or f"sqlite:///{self.database}"
        self.host, self.port = "127.0.0.1", free_port()
        self.url = f"http://{self.host}:{self.port}"
        # A server for artifacts alone takes no database.
        stores = [] if "--artifacts-only" in flags else ["--backend-store-uri", self.store_uri]
        self.flags = [*stores, "--host", self.host, "--port", str(self.port), *flags]
        self.variables = variables
        self.process = None

    def launch(self):
        """Starts the process and does not wait for it to answer."""
        assert self.process is None, "it runs already"
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [*self.command, *self.flags], cwd=self.folder, stdout=log, stderr=log,
                env=environment(**self.variables), start_new_session=True)

    def start(self):
        """Starts and waits for the first answer; returns how many seconds that took."""
        began = time.monotonic()
        self.launch()
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - began > self.start_timeout:
                raise RuntimeError(f"the server does not answer:\n{self.log()}")
            time.sleep(0.002)
        return time.monotonic() - began

    def answers(self):
        try:
            urllib.request.urlopen(f"{self.url}/health", timeout=30, context=self.tls).close()
        except urllib.error.HTTPError:  # an answer: a static prefix hides /health
            return True
        except OSError:
            return False
        return True

    def stop(self):
        """SIGTERM; returns the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self):
        """SIGKILL, as when the machine's power fails for this process."""
        return self._end(signal.SIGKILL)

    def restart(self):
        """Stops cleanly and starts again; returns the seconds to the first answer."""
        code = self.stop()
        assert code == 0, f"exit code {code}:\n{self.log()}"
        return self.start()

    def log(self):
        return (self.folder / "server.log").read_text(errors="replace")

    def get(self, path):
        """Status, content type and body of a GET."""
        return self._ask(self.url + path)

    def post(self, path, body):
        """The same of a POST of JSON."""
        return self._ask(urllib.request.Request(self.url + path, body, {"Content-Type": "application/json"}))

    def _ask(self, request):
        try:
            with urllib.request.urlopen(request, timeout=60, context=self.tls) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers["Content-Type"], answer.read()

    def _end(self, number):
        process, self.process = self.process, None
        if process is None:
            return None
        try:
            self._signal(process, number)
            return process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise

    def _signal(self, process, number):
        process.send_signal(number)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


class MillraceServer(Server):
    command = (BINARY, "server")


class StockMlflow(Server):
    """The real server with its default processes."""

    command = (VENV / "bin" / "mlflow", "server")
    start_timeout = 240

    def _signal(self, process, number):
        with suppress(ProcessLookupError):  # one that has ended already
            os.killpg(process.pid, number)  # the group that start_new_session made: its workers too


class MlflowServer(StockMlflow):
    """The real server, with one worker and without the job runner's extra processes."""

    command = (VENV / "bin" / "mlflow", "server", "--workers", "1")
    start_timeout = 180

    def __init__(self, folder, *flags, **options):
        super().__init__(folder, *flags, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false", **options)


class WarmMlflowServer(MlflowServer):
    """The same without its second process, started in a third of the time; not to be measured."""

    def launch(self):
        assert self.process is None, "it runs already"
        log = self.folder / "server.log"
        self.process = MlflowProcess([*self.command[1:], *self.flags], self.folder, environment(**self.variables), log, log)


class Ports:
    """Ports of this process: a block that no other process of these tests has, as a Unix socket by the block's name shows,
    below those that the system gives to clients. One that was merely free a moment ago may be another server's by now,
    which then answers in place of the one that was started.
    """

    BLOCKS, SIZE, FIRST = 80, 256, 12_000

    def __init__(self):
        for block in random.sample(range(self.BLOCKS), self.BLOCKS):
            self._mark = socket.socket(socket.AF_UNIX)
            try:
                self._mark.bind(f"\0millrace-test-ports-{block}")
            except OSError:
                self._mark.close()
                continue
            first = self.FIRST + block * self.SIZE
            self._order = itertools.cycle(random.sample(range(first, first + self.SIZE), self.SIZE))
            return
        raise RuntimeError("all ports for tests are taken")

    def free(self):
        for port in itertools.islice(self._order, self.SIZE):
            with socket.socket() as probe, suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
        raise RuntimeError("all ports of this process are taken")


_ports = functools.cache(Ports)


def free_port():
    return _ports().free()
