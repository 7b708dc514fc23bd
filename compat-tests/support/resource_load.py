"""Loads for what a server and its database take: memory, and the sessions of a pool; each returns a line of figures and a
list of what failed."""

import http.client
import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from support import sqlite_load, stalls
from support.database_servers import SERVERS
from support.measurements import peak_mib, wrk
from support.millrace_server import MillraceServer
from support.rest import Rest

API = "/api/2.0/mlflow"
RUN = f"{1:032x}"
MODELS, TAGS, POINTS, REFUSED = 300, 200, 1_000_000, 20_000  # tags of 5,000 characters for each model
CLIENTS = 8
SERVER_MIB, BACKEND_MIB = 120, 20
LEAST_SHARE = 0.8

NUMBERS = {
    "sqlite": "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {}) SELECT n FROM c) AS c",
    "mysql": "(SELECT seq AS n FROM seq_1_to_{}) AS c",
    "postgresql": "generate_series(1, {}) AS c(n)",
}


def statements(kind):
    """What the loads read: models of 1 MB, and a history."""
    def numbers(count):
        return NUMBERS[kind].format(count)

    made = [
        f"INSERT INTO registered_models (name, workspace) SELECT n, 'default' FROM {numbers(MODELS)}",
        f"INSERT INTO registered_model_tags (name, \"key\", value, workspace) SELECT m.name, c.n, '{'x' * 5000}', 'default'"
        f" FROM registered_models m, {numbers(TAGS)}",
        f"INSERT INTO runs (run_uuid, name, experiment_id, status, lifecycle_stage, start_time) VALUES ('{RUN}', 'r', 0,"
        " 'RUNNING', 'active', 0)",
        "INSERT INTO metrics (\"key\", value, \"timestamp\", run_uuid, step, is_nan)"
        f" SELECT 'loss', 0.5, n, '{RUN}', n, false FROM {numbers(POINTS)}"]
    return [one.replace('"', "`") for one in made] if kind == "mysql" else made


@contextmanager
def filled_server(kind, folder):
    """A server, and its database server if it has one."""
    with ExitStack() as stack:
        if kind == "sqlite":
            database, server = None, MillraceServer(folder / kind)
        else:
            database = stack.enter_context(SERVERS[kind]())
            uri = database.create_database()
            server = MillraceServer(folder / kind, store_uri=uri)
        with server:
            pass  # makes the tables
        if database is None:
            with closing(sqlite3.connect(server.database)) as connection, connection:
                for one in statements(kind):
                    connection.execute(one)
        else:
            database.query(";\n".join(statements(kind)), uri.rsplit("/", 1)[1])
        yield stack.enter_context(server), database


class BackendMemory:
    """The most that one of PostgreSQL's processes for clients had for itself, in MiB, from `with` to its end."""

    def __init__(self, database):
        self.database, self.most = database, 0.0

    def __enter__(self):
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._look)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def _look(self):
        while not self.ended.wait(0.2):
            for pid in stalls.family(self.database.process.pid):
                try:
                    if b"127.0.0.1(" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                        continue
                    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
                except OSError:
                    continue  # it has ended
                own = sum(map(int, re.findall(r"Private_(?:Clean|Dirty):\s+(\d+) kB", rollup))) / 1024
                self.most = max(self.most, own)


def drain(server, path):
    """Reads a reply and drops it; returns its size."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=300)
    connection.request("GET", f"{API}/{path}")
    answer, size = connection.getresponse(), 0
    assert answer.status == 200, answer.read()
    while piece := answer.read(1 << 20):
        size += len(piece)
    connection.close()
    return size


def refuse(server, count):
    rest = Rest(server)
    for _ in range(count):
        status, answer = rest.call("POST", "registered-models/create", {"name": "1"})
        assert (status, answer["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS"), answer
    rest.close()


def memory(folder):
    """A page of big models, eight long histories at once, creates that are refused: what the processes take for it."""
    lines, faults = [], []
    for kind in NUMBERS:
        with ExitStack() as stack:
            server, database = stack.enter_context(filled_server(kind, folder))
            backends = stack.enter_context(BackendMemory(database)) if kind == "postgresql" else None
            pool = stack.enter_context(ThreadPoolExecutor(CLIENTS))
            history = f"metrics/get-history?run_id={RUN}&metric_key=loss"
            read = [drain(server, f"registered-models/search?max_results={MODELS}")]
            peaks = [peak_mib(server)]
            read += pool.map(lambda _: drain(server, history), range(CLIENTS))
            peaks.append(peak_mib(server))
            list(pool.map(lambda _: refuse(server, REFUSED // CLIENTS), range(CLIENTS)))
            peaks.append(peak_mib(server))
        lines.append(f"{kind}: {sum(read) / 1e6:.0f} MB read, peak after the page {peaks[0]:.0f}, histories {peaks[1]:.0f},"
                     f" refused creates {peaks[2]:.0f} MiB")
        faults += sqlite_load.over(f"{kind}: peak", peaks[-1], SERVER_MIB, "MiB")
        if backends:
            lines[-1] += f", largest backend {backends.most:.1f} MiB"
            faults += sqlite_load.over("a backend", backends.most, BACKEND_MIB, "MiB")
    return "; ".join(lines), faults


# As many writes as the share says, in turn with reads.
LOAD = """
wrk.headers["Content-Type"] = "application/json"
local step, share = 0, 0
function init(words) share = tonumber(words[1]) end
function request()
  step = step + 1
  if math.floor(step * share) == math.floor((step - 1) * share) then
    return wrk.format("GET", "/api/2.0/mlflow/registered-models/get?name=m")
  end
  return wrk.format("POST", "/api/2.0/mlflow/registered-models/set-tag", nil,
    string.format('{"name": "m", "key": "k%d", "value": "%d"}', step % 32, step))
end
"""


def pool(folder, seconds):
    """Reads, writes, and half of each, by 32 connections through the default pool."""
    lines, faults = [], []
    for kind, database_server in SERVERS.items():
        with database_server(on_disk=True) as database:
            with MillraceServer(folder / kind, store_uri=database.create_database()) as server:
                Rest(server).ok("POST", "registered-models/create", {"name": "m"})
                script = Path(server.folder, "load.lua")
                script.write_text(LOAD)
                wrk(server, "", 32, 2, script, ["1"])  # what is written is there when reads are counted
                loads = {share: wrk(server, "", 32, seconds, script, [str(share)]) for share in (0, 1, 0.5)}
        reads, writes, mixed = (load.rate for load in loads.values())
        mean = 2 / (1 / reads + 1 / writes)  # each request as dear as in the load of its kind
        lines.append(f"{kind}: reads {reads:.0f}/s, writes {writes:.0f}/s, half of each {mixed:.0f}/s: {mixed / mean:.2f} of"
                     f" their harmonic mean, {2 * mixed / (reads + writes):.2f} of the plain one")
        faults += [f"{kind}: {load} with a share of writes of {share}" for share, load in loads.items() if load.failed()]
        if mixed < LEAST_SHARE * mean:
            faults.append(f"{kind}: less than {LEAST_SHARE} of the mean")
    return "; ".join(lines), faults
