"""A database that does not move for a while, and what a server's clients and its probes see of it."""

import http.client
import json
import os
import signal
import sqlite3
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

from support.load_clients import Clients, percentile
from support.rest import Rest

TIMEOUT = 4  # seconds, as the server's --database-timeout
CLIENTS = 150
PAUSE = 0.2  # seconds: while a database stalls many are refused at once, and would ask for all of the processor
PROBES = ("/livez", "/readyz")


@contextmanager
def stopped(database_server):
    """All of its processes; PostgreSQL's are in sessions of their own."""
    def send(number):
        for pid in family(database_server.process.pid):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass  # one of the clients' has ended
    send(signal.SIGSTOP)
    try:
        yield
    finally:
        send(signal.SIGCONT)


def family(pid):
    found, known = [], [pid]
    while known:
        found.append(known.pop())
        try:
            for task in open(f"/proc/{found[-1]}/task/{found[-1]}/children"):
                known += map(int, task.split())
        except OSError:
            pass
    return found


@contextmanager
def locked(path):
    """A SQLite file by another program."""
    database = sqlite3.connect(path, isolation_level=None, timeout=60)
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        database.execute("ROLLBACK")
        database.close()


@dataclass
class Probing:
    """Asks for each probe again and again, from `with` to its end."""

    server: object
    answers: list = field(default_factory=list)  # path, status, when it was asked, seconds

    def __enter__(self):
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._ask)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def _ask(self):
        while not self.ended.wait(0.02):
            for path in PROBES:
                began = time.monotonic()
                connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=30)
                try:
                    connection.request("GET", path)
                    status = connection.getresponse().status
                except OSError as error:
                    status = repr(error)
                self.answers.append((path, status, began, time.monotonic() - began))
                connection.close()

    def statuses(self, path):
        return {status for asked, status, _, _ in self.answers if asked == path}

    def milliseconds(self, since=0, until=float("inf")):
        return [took * 1000 for _, _, began, took in self.answers if since <= began < until]


def fill(server):
    rest = Rest(server)
    for number in range(10):
        rest.ok("POST", "registered-models/create", {"name": f"m{number}"})
        rest.ok("POST", "model-versions/create", {"name": f"m{number}", "source": "s3://b/p"})


def request(number, turn):
    """Reads by key, searches, and writes, in turn."""
    name = f"m{number % 10}"
    if turn % 3 == 0:
        return "get", "GET", f"registered-models/get?name={name}", None
    if turn % 3 == 1:
        return "search", "GET", f"model-versions/search?filter=name%3D'{name}'", None
    body = {"name": name, "version": "1", "key": f"k{number}", "value": str(turn)}
    return "set-tag", "POST", "model-versions/set-tag", json.dumps(body).encode()


def is_answer(status, text):
    """What a client gets in time, whatever the database does. A write that was being saved when the time was over is not
    to be repeated blindly."""
    return status == 200 or (status == 503 and b'"error_code"' in text) or (
        status == 400 and b"Whether it is saved is not known" in text)


@dataclass
class Seen:
    clients: object
    probing: Probing
    began: float  # of the stall
    ended: float

    def slowest(self):
        return max(self.clients.seen.milliseconds()) / 1000

    def probe_p99(self):
        return percentile(self.probing.milliseconds(self.began, self.ended), 0.99)

    def slowest_probe(self):
        return max(self.probing.milliseconds(self.began, self.ended))


def stall(server, stalled, seconds):
    """Clients and probes around a stall of the database, `stalled` its context."""
    fill(server)
    with Probing(server) as probing, Clients(server, CLIENTS, request, is_answer, pause=PAUSE) as clients:
        time.sleep(1.5)
        began = time.monotonic()
        with stalled:
            time.sleep(seconds)
        ended = time.monotonic()
        time.sleep(2)
    return Seen(clients, probing, began, ended)
