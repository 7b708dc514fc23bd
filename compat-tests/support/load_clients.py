"""Clients that keep a server busy and time each answer.

They run in processes of their own, a few threads in each, so that Python's lock does not show in what they measure; and
what they send should be made beforehand, since making a large body holds that lock.
"""

import http.client
import math
import multiprocessing
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

API = "/api/2.0/mlflow"
HEADERS = {"Content-Type": "application/json"}
THREADS = 6  # of a process


@dataclass
class Seen:
    """What clients saw. `times`: when each request began and how long it took, in seconds, by what it is called."""

    times: dict = field(default_factory=dict)
    answers: Counter = field(default_factory=Counter)  # by name and status
    unexpected: Counter = field(default_factory=Counter)  # by name and the answer's beginning

    def add(self, name, began, took, status, fault):
        self.times.setdefault(name, []).append((began, took))
        self.answers[name, status] += 1
        if fault:
            self.unexpected[f"{name}: {fault}"] += 1

    def join(self, other):
        for name, times in other.times.items():
            self.times.setdefault(name, []).extend(times)
        self.answers += other.answers
        self.unexpected += other.unexpected

    def requests(self, *names):
        return sum(len(self.times.get(name, ())) for name in names or self.times)

    def milliseconds(self, *names, during=None):
        """Of requests of these names, or of all; `during`: only of those that met one of these (begin, end)."""
        return [took * 1000 for name in names or self.times for began, took in self.times.get(name, ())
                if during is None or any(began < end and began + took > begin for begin, end in during)]


def percentile(values, share):
    """The nearest rank, or infinity where nothing was measured."""
    return sorted(values)[max(math.ceil(len(values) * share) - 1, 0)] if values else math.inf


def is_ok(status, _):
    return status == 200


class Clients:
    """Clients of one kind, from `with` to its end; then `seen` has what they saw.

    `request` gives name, method, path and body of what a client, by its number, asks for at a turn; `expected` is asked
    whether the status and the text of an answer are right, and `repeat` whether the request is sent again for its status,
    which is then expected. `pause`: seconds that a client waits between an answer and its next request.
    """

    def __init__(self, server, count, request, expected=is_ok, repeat=lambda status: False, pause=0):
        self.server, self.request, self.expected, self.repeat, self.pause = server, request, expected, repeat, pause
        self.numbers = [range(first, min(first + THREADS, count)) for first in range(0, count, THREADS)]
        self.seen = Seen()

    def __enter__(self):
        fork = multiprocessing.get_context("fork")  # the functions need not be pickled
        self.ended = fork.RawValue("b", 0)
        self.processes = []
        for numbers in self.numbers:
            mine, its = fork.Pipe(duplex=False)
            process = fork.Process(target=self._run, args=(numbers, its), daemon=True)
            process.start()
            its.close()
            self.processes.append((process, mine))
        return self

    def __exit__(self, *_):
        self.ended.value = 1
        for process, pipe in self.processes:
            self.seen.join(pipe.recv())  # EOFError if it died
            process.join()

    def _run(self, numbers, pipe):
        sys.setswitchinterval(0.0005)  # else a thread may keep others waiting for 5 ms
        each = [Seen() for _ in numbers]
        threads = [threading.Thread(target=self._ask, args=pair) for pair in zip(numbers, each)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for one in each[1:]:
            each[0].join(one)
        pipe.send(each[0])

    def _ask(self, number, seen):
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=120)
        turn = 0
        while not self.ended.value:
            name, method, path, body = self.request(number, turn)
            began = time.monotonic()
            try:
                connection.request(method, f"{API}/{path}", body, HEADERS)
                answer = connection.getresponse()
                status, text = answer.status, answer.read()
                if self.repeat(status):
                    turn, fault = turn - 1, ""
                else:
                    fault = "" if self.expected(status, text) else f"{status} {text[:200]}"
            except (OSError, http.client.HTTPException) as error:
                connection.close()  # the next request connects again
                status, fault = "none", repr(error)
            seen.add(name, began, time.monotonic() - began, status, fault)
            turn += 1
            if self.pause:
                time.sleep(self.pause)
        connection.close()
