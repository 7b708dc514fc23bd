"""Long loads on a server with a SQLite file; each returns a line of figures and a list of what failed.

A database is filled by plain inserts while no server has it open.
"""

import json
import sqlite3
import threading
import time
from contextlib import ExitStack, closing

from support import large_registry
from support.load_clients import Clients, Seen, percentile
from support.millrace_server import MillraceServer
from support.rest import Rest

MIB = 1 << 20
TAG_P99 = 50  # ms
OTHERS_P99 = 200  # ms
OTHERS = "others' p99"
LONGEST_LOG = 64  # MiB
VERSIONS = 20_000
DELETED_VERSIONS = 40_000
RUNS = 50_000
RUN_TAGS = 50_000  # of one runs/create, for which MLflow has no limit
PASSES = 3  # of an operation, so that one moment does not decide


def figures(seen, *names, during=None):
    times = seen.milliseconds(*names, during=during)
    shares = (("p50", 0.5), ("p99", 0.99), ("max", 1))
    return f"{len(times)}: " + " ".join(f"{name} {percentile(times, share):.1f}" for name, share in shares) + " ms"


def unexpected(*all_seen):
    """The most frequent ones, as what failed."""
    return [f"{count} x {what}" for seen in all_seen for what, count in seen.unexpected.most_common(3)]


def post(name, path, body):
    return name, "POST", path, body if isinstance(body, bytes) else json.dumps(body).encode()


def mixed(folder, seconds):
    """Batches of metrics, a model that exists already, tags of versions, and runs with very many tags."""
    with MillraceServer(folder) as server:
        rest = Rest(server)
        rest.ok("POST", "registered-models/create", {"name": "taken"})
        for _ in range(12):
            rest.ok("POST", "model-versions/create", {"name": "taken", "source": "s3://b/p"})
        runs = [rest.ok("POST", "runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"] for _ in range(4)]
        with ExitStack() as stack:
            kinds = [stack.enter_context(clients) for clients in (
                Clients(server, 4, batches_for(runs)),
                Clients(server, 1, lambda *_: post("create existing", "registered-models/create", {"name": "taken"}),
                        lambda status, text: status == 400 and b'"RESOURCE_ALREADY_EXISTS"' in text),
                Clients(server, 12, lambda number, turn: post(
                    "set-tag", "model-versions/set-tag",
                    {"name": "taken", "version": str(number + 1), "key": f"k{turn % 100}", "value": str(turn)})),
                Clients(server, 1, large_runs()))]
            time.sleep(seconds)
    seen = Seen()
    for kind in kinds:
        seen.join(kind.seen)
    failed = sum(count for (_, status), count in seen.answers.items() if status == 500)
    line = (f"{seconds:g} s, {seen.requests()} requests, answers of 500: {failed}; "
            + "; ".join(f"{name} {figures(seen, name)}" for name in seen.times))
    return line, unexpected(seen) + over("set-tag's p99", percentile(seen.milliseconds("set-tag"), 0.99), TAG_P99, "ms")


def over(what, value, most, unit):
    return [] if value < most else [f"{what} {value:.1f} {unit}, not under {most}"]


def batches_for(runs):
    """Each batch has 1,000 metrics at a step of their own."""
    templates = [json.dumps({"run_id": run, "metrics": [
        {"key": f"metric {number}", "value": number / 7, "timestamp": 1_700_000_000_000, "step": "STEP"}
        for number in range(1000)]}).encode() for run in runs]
    return lambda number, turn: post("log-batch", "runs/log-batch",
                                     templates[number].replace(b'"STEP"', str(turn).encode()))


def large_runs():
    body = json.dumps({"experiment_id": "0", "tags": [
        {"key": f"key {number}", "value": f"value {number}"} for number in range(RUN_TAGS)]}).encode()
    return lambda *_: post(f"create run of {RUN_TAGS} tags", "runs/create", body)


def others_of(server):
    """Eight clients that each set a tag, read and create, in turn."""
    def request(number, turn):
        if turn % 3 == 0:
            return post("set-tag", "model-versions/set-tag",
                        {"name": "other", "version": str(number + 1), "key": f"k{turn % 100}", "value": str(turn)})
        if turn % 3 == 1:
            return "get", "GET", "registered-models/get?name=other", None
        return post("create model", "registered-models/create", {"name": f"new-{number}-{turn}"})

    rest = Rest(server)
    rest.ok("POST", "registered-models/create", {"name": "other"})
    for _ in range(8):
        rest.ok("POST", "model-versions/create", {"name": "other", "source": "s3://b/p"})
    return Clients(server, 8, request)


def beside_others(server, operations):
    """Runs these (method, path, body), a second apart, while others work; the line and what failed.

    The others' figures are of those requests that met an operation: what one client waits for is what it would notice.
    """
    rest = Rest(server, timeout=300)
    spans, faults = [], []
    with others_of(server) as others:
        for operation in operations:
            time.sleep(1)
            began = time.monotonic()
            status, answer = rest.call(*operation)
            spans.append((began, time.monotonic()))
            if status != 200:
                faults.append(f"{operation[1]}: {status} {str(answer)[:200]}")
        time.sleep(1)
    seen = others.seen
    took = ", ".join(f"{(end - began) * 1000:.0f}" for began, end in spans)
    line = (f"{len(spans)} operations took {took} ms; others' requests {figures(seen)},"
            f" meanwhile {figures(seen, during=spans)}; "
            + ", ".join(f"{name} {figures(seen, name, during=spans)}" for name in seen.times))
    p99 = percentile(seen.milliseconds(during=spans), 0.99)
    return line, faults + unexpected(seen) + over(OTHERS, p99, OTHERS_P99, "ms")


def rename(folder):
    return without_and_with_tags(folder, renames)


def renames(folder, leave_tags):
    make_models(folder, 1, VERSIONS, leave_tags)
    name = large_registry.model_name(0)
    there = ("POST", "registered-models/rename", {"name": name, "new_name": "renamed"})
    back = ("POST", "registered-models/rename", {"name": "renamed", "new_name": name})
    with MillraceServer(folder) as server:
        line, faults = beside_others(server, [there, back] * PASSES)
        return line, faults + other_count(server, VERSIONS, f"FROM model_versions WHERE name = '{name}'")


def delete(folder):
    return without_and_with_tags(folder, deletes)


def deletes(folder, leave_tags):
    make_models(folder, PASSES, DELETED_VERSIONS, leave_tags)
    names = [large_registry.model_name(number) for number in range(PASSES)]
    with MillraceServer(folder) as server:
        line, faults = beside_others(server, [("DELETE", "registered-models/delete", {"name": name}) for name in names])
        return line, faults + other_count(server, 0, f"FROM model_versions WHERE name IN {tuple(names)}")


def without_and_with_tags(folder, load):
    """SQLite writes each row of a version and of its tags: what two tags of each version add is shown, not bounded."""
    line, faults = load(folder / "plain", leave_tags=False)
    tagged, tagged_faults = load(folder / "tagged", leave_tags=True)
    slow = [fault for fault in tagged_faults if fault.startswith(OTHERS)]
    return (f"{line}; WITH 2 TAGS EACH, unbounded: {tagged}",
            faults + [fault for fault in tagged_faults if fault not in slow])


def make_models(folder, models, versions, leave_tags):
    folder.mkdir(parents=True)
    database = large_registry.make(folder, models=models, prompts=0, versions=versions)
    if not leave_tags:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("DELETE FROM model_version_tags")


def experiment(folder):
    with MillraceServer(folder) as server:
        number = Rest(server).ok("POST", "experiments/create", {"name": "large"})["experiment_id"]
    fill_experiment(server.database, number)
    calls = [("POST", f"experiments/{verb}", {"experiment_id": number}) for verb in ("delete", "restore")]
    with MillraceServer(folder) as server:
        line, faults = beside_others(server, calls * (PASSES - 1) + calls[:1])
        return line, faults + other_count(server, RUNS, "FROM runs WHERE lifecycle_stage = 'deleted'")


def fill_experiment(database, number, count=RUNS):
    runs = [f"{run:032x}" for run in range(count)]
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")  # a new file: nothing in it can be lost
        connection.executemany(
            "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
            " end_time, source_version, lifecycle_stage, artifact_uri, experiment_id) VALUES"
            " (?, 'run', 'UNKNOWN', '', '', 'me', 'FINISHED', ?, ?, '', 'active', ?, ?)",
            [(run, row, row + 1, f"mlflow-artifacts:/{number}/{run}/artifacts", int(number))
             for row, run in enumerate(runs)])
        connection.executemany("INSERT INTO tags (run_uuid, key, value) VALUES (?, ?, ?)",
                               [(run, key, "value") for run in runs for key in ("mlflow.runName", "mlflow.user")])


def other_count(server, expected, condition):
    """What failed if the database has another number of these rows."""
    with closing(sqlite3.connect(server.database)) as connection:
        found = connection.execute(f"SELECT COUNT(*) {condition}").fetchone()[0]
    return [] if found == expected else [f"{found} rows {condition}, not {expected}"]


def wal(folder, seconds):
    """Six clients list all versions, so that some reader is always there, while four write."""
    large_registry.make(folder, models=20, prompts=0, versions=VERSIONS // 20)
    names = [large_registry.model_name(number) for number in range(4)]
    listing = "model-versions/search?max_results=200000"
    with MillraceServer(folder) as server:
        log = Log(server.folder / f"{server.database.name}-wal")
        with (Clients(server, 6, lambda *_: ("list", "GET", listing, None)) as readers,
              Clients(server, 4, lambda number, turn: post(
                  "set-tag", "registered-models/set-tag",
                  {"name": names[number], "key": f"k{turn % 1000}", "value": "v" * 3000})) as writers, log):
            time.sleep(seconds)
        listed = len(Rest(server).ok("GET", listing)["model_versions"])
    read, written, longest = readers.seen, writers.seen, log.longest / MIB
    line = (f"{seconds:g} s, {read.requests() + written.requests()} requests; longest log {longest:.1f} MiB, last"
            f" {log.last / MIB:.1f}; lists of {listed} versions {figures(read)}; set-tag {figures(written)}")
    faults = [] if listed == VERSIONS else [f"{listed} versions listed"]
    return line, faults + unexpected(read, written) + over("the log's length", longest, LONGEST_LOG, "MiB")


class Log(threading.Thread):
    """Looks at the size of a file that grows, from `with` to its end."""

    def __init__(self, path):
        super().__init__()
        self.path, self.longest, self.last, self.ended = path, 0, 0, threading.Event()

    def run(self):
        while not self.ended.wait(0.02):
            self.last = self.path.stat().st_size
            self.longest = max(self.longest, self.last)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()
