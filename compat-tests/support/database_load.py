"""Long loads on databases that are slow, busy, stalled or gone; each returns a line of figures and a list of what failed."""

import json
import random
import time
from contextlib import ExitStack

from support import sqlite_load, stalls
from support.database_servers import KINDS, MariaDb
from support.load_clients import Clients, percentile
from support.millrace_server import MillraceServer
from support.rest import Rest

READ_P99 = 20  # ms, of reads by name beside clients that page
SEARCHED_P99 = 50  # ms, of reads by name beside hopeless searches
PROBE_MAX = 100  # ms
KILL_PAUSE = 0.3  # seconds
WRITERS = 8


def get(name):
    return lambda *_: ("get", "GET", f"registered-models/get?name={name}", None)


def pages(folder, seconds):
    """Eight clients page through 20,000 runs, one reads a model."""
    with MillraceServer(folder) as server:
        rest = Rest(server)
        number = rest.ok("POST", "experiments/create", {"name": "large"})["experiment_id"]
        rest.ok("POST", "registered-models/create", {"name": "read"})
    sqlite_load.fill_experiment(server.database, number, 20_000)
    tokens = page_tokens(server, number)

    def page(client, turn):
        body = {"experiment_ids": [number], "max_results": 1000}
        if token := tokens[(client + turn) % len(tokens)]:
            body["page_token"] = token
        return sqlite_load.post("page", "runs/search", body)

    with server, Clients(server, 8, page) as paging, Clients(server, 1, get("read")) as reading:
        time.sleep(seconds)
    p99 = percentile(reading.seen.milliseconds(), 0.99)
    line = f"{seconds:g} s; pages {sqlite_load.figures(paging.seen)}; get {sqlite_load.figures(reading.seen)}"
    return line, sqlite_load.unexpected(paging.seen, reading.seen) + sqlite_load.over("get's p99", p99, READ_P99, "ms")


def page_tokens(server, number):
    tokens, body = [None], {"experiment_ids": [number], "max_results": 1000}
    with server:
        rest = Rest(server)
        while token := rest.ok("POST", "runs/search", body).get("next_page_token"):
            tokens.append(token)
            body["page_token"] = token
    return tokens


def searches(folder, seconds):
    """Four searches with patterns of 49 KB over values of 100,000 characters, one client reads a model."""
    with MillraceServer(folder) as server:
        rest = Rest(server)
        for number in range(40):
            rest.ok("POST", "registered-models/create",
                    {"name": f"s{number}", "tags": [{"key": "t", "value": "a" * 100_000}]})
        body = {"filter": f"tags.t LIKE '%{'a' * 49_000}b'", "max_results": 10}
        query = "registered-models/search?filter=" + body["filter"].replace("%", "%25").replace(" ", "%20")
        with (Clients(server, 4, lambda *_: ("search", "GET", query, None), lambda status, _: status in (400, 503)),
              Clients(server, 1, get("s1")) as reading):
            time.sleep(seconds)
    times = reading.seen.milliseconds()
    return (f"{seconds:g} s; get {sqlite_load.figures(reading.seen)}",
            sqlite_load.unexpected(reading.seen)
            + sqlite_load.over("get's p99", percentile(times, 0.99), SEARCHED_P99, "ms"))


def stall(folder, seconds):
    """150 clients while the database does not move for `seconds`, with the default deadline of 30 s."""
    lines, faults = [], []
    for kind in ("sqlite", *KINDS):
        with ExitStack() as stack:
            if kind == "sqlite":
                server = stack.enter_context(MillraceServer(folder / kind))
                stalled = stalls.locked(server.database)
            else:
                database = stack.enter_context(KINDS[kind]())
                server = stack.enter_context(MillraceServer(folder / kind, store_uri=database.create_database()))
                stalled = stalls.stopped(database)
            seen = stalls.stall(server, stalled, seconds)
        lines.append(f"{kind}: slowest answer {seen.slowest():.1f} s, probes p99 {seen.probe_p99():.0f} ms,"
                     f" max {seen.slowest_probe():.0f} ms")
        faults += sqlite_load.unexpected(seen.clients.seen)
        faults += sqlite_load.over(f"{kind}: slowest answer", seen.slowest(), 32, "s")
        faults += sqlite_load.over(f"{kind}: slowest probe", seen.slowest_probe(), PROBE_MAX, "ms")
    return "; ".join(lines), faults


def kills(folder, seconds):
    """A connection killed every 0.3 s and the database server killed three times, beside writers that repeat a 5xx as
    stock clients do, and readers of whole lists."""
    lines, faults = [], []
    for kind in ("mysql", "postgresql"):
        with KINDS[kind]() as database:
            uri = database.create_database()
            name = uri.rsplit("/", 1)[1]
            with MillraceServer(folder / kind, store_uri=uri) as server:
                line, failed = kill_beside(server, database, name, seconds)
        lines.append(f"{kind}: {line}")
        faults += [f"{kind}: {fault}" for fault in failed]
    return "; ".join(lines), faults


def kill_beside(server, database, name, seconds):
    rest = Rest(server)
    experiment = rest.ok("POST", "experiments/create", {"name": "listed"})["experiment_id"]
    for number in range(500):
        rest.ok("POST", "runs/create", {"experiment_id": experiment, "run_name": f"r{number}"})
    for number in range(WRITERS):
        rest.ok("POST", "registered-models/create", {"name": f"m{number}"})

    def create(writer, turn):
        return sqlite_load.post("create", "model-versions/create",
                                {"name": f"m{writer}", "source": f"s3://b/{writer}/{turn}"})

    def is_whole(status, text):
        ids = [run["info"]["run_id"] for run in json.loads(text)["runs"]] if status == 200 else []
        return status == 503 or len(ids) == len(set(ids)) == 500

    listing = json.dumps({"experiment_ids": [experiment], "max_results": 500}).encode()
    with (Clients(server, WRITERS, create, repeat=lambda status: status >= 500) as writers,
          Clients(server, 3, lambda *_: ("list", "POST", "runs/search", listing), is_whole) as readers):
        kill_connections(database, name, seconds)
    rows = database.query("SELECT source, COUNT(*) FROM model_versions GROUP BY source", name)
    stored = {source: int(count) for source, count in (row.split("\t") for row in rows.splitlines())}
    acknowledged = writers.seen.answers["create", 200]
    twice = sum(count > 1 for count in stored.values())
    lost = acknowledged - len(stored)
    line = (f"{acknowledged} writes, {sum(stored.values())} stored, {twice} twice; {readers.seen.requests()} lists,"
            f" {readers.seen.answers['list', 503]} of them 503")
    faults = sqlite_load.unexpected(writers.seen, readers.seen)
    return line, faults + ([f"{twice} stored twice"] if twice else []) + ([f"{lost} lost"] if lost > 0 else [])


def kill_connections(database, name, seconds):
    began = time.monotonic()
    restarts = [began + seconds * part / 4 for part in (1, 2, 3)]
    while time.monotonic() < began + seconds:
        time.sleep(KILL_PAUSE)
        if restarts and time.monotonic() > restarts[0]:
            restarts.pop(0)
            database.kill()
            database.start()
        elif isinstance(database, MariaDb):
            ids = database.query(f"SELECT id FROM information_schema.processlist WHERE db = '{name}'").split()
            if ids:
                database._run_client(f"KILL {random.choice(ids)}")  # it may have gone by itself
        else:
            database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                           f" WHERE datname = '{name}' ORDER BY random() LIMIT 1")
