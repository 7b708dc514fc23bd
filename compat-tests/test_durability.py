"""`kill -9` under load: what was acknowledged is there afterwards, and nothing is half there."""

import http.client
import threading
import time
from collections import defaultdict

from support.millrace_server import MillraceServer
from support.rest import Rest

ROUNDS = 20
WRITERS = 8
BATCH = 50  # points


class Writer(threading.Thread):
    """Writes until the server is gone; `acknowledged` has, for each kind of write, what was answered with 200."""

    kinds = ()  # of its writes

    def __init__(self, server, round_, number):
        super().__init__(daemon=True)
        self.server, self.prefix = server, f"r{round_}w{number}"
        self.acknowledged = defaultdict(list)
        self.unexpected = None

    def run(self):
        rest = Rest(self.server, timeout=10)
        try:
            for count in range(100_000):
                self.write(rest, count)
        except (OSError, http.client.HTTPException):
            pass  # the kill
        except Exception as error:  # kept for the test: a thread's own failure would not fail it
            self.unexpected = error
        finally:
            rest.close()


class RegistryWriter(Writer):
    """Registers models with a version and tags."""

    kinds = ("models", "versions", "tags")

    def write(self, rest, count):
        name = f"{self.prefix}n{count}"
        rest.ok("POST", "registered-models/create", {"name": name})
        self.acknowledged["models"].append(name)
        rest.ok("POST", "model-versions/create",
                {"name": name, "source": "s3://bucket/x", "tags": [{"key": "a", "value": "1"}]})
        self.acknowledged["versions"].append(name)
        rest.ok("POST", "registered-models/set-tag", {"name": name, "key": "k", "value": name})
        self.acknowledged["tags"].append(name)


class RunWriter(Writer):
    """Logs to one run that all writers of a round share: single points, and batches of points, params and tags."""

    kinds = ("points", "batches")
    run_id = None

    def write(self, rest, count):
        point = {"key": f"{self.prefix}m", "value": count / 7, "timestamp": count, "step": count}
        rest.ok("POST", "runs/log-metric", {"run_id": self.run_id, **point})
        self.acknowledged["points"].append((point["key"], count))
        key = f"{self.prefix}b{count}"
        rest.ok("POST", "runs/log-batch", {
            "run_id": self.run_id, "params": [{"key": key, "value": "v"}], "tags": [{"key": key, "value": "v"}],
            "metrics": [{"key": key, "value": step, "timestamp": 1, "step": step} for step in range(BATCH)]})
        self.acknowledged["batches"].append(key)


def until_every_writer_has_written(writers):
    deadline = time.monotonic() + 60
    while not all(writer.acknowledged[kind] for writer in writers for kind in writer.kinds):
        assert all(writer.is_alive() for writer in writers), "a writer ended before it had written"
        assert time.monotonic() < deadline, "a writer had no answer"
        time.sleep(0.005)


def kill_under_load(server, databases, kind, prepare, check):
    """Rounds of a start, writers and a kill; after each `check(rows, acknowledged so far)`, rows: of a query."""
    acknowledged = defaultdict(set)
    for round_ in range(ROUNDS):
        server.start()
        prepare()
        writers = [kind(server, round_, number) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        try:
            until_every_writer_has_written(writers)
            time.sleep(0.02 * round_)
        finally:
            server.kill()
        for writer in writers:
            writer.join(30)
            assert writer.unexpected is None, writer.unexpected
            for what, names in writer.acknowledged.items():
                acknowledged[what].update(names)
        if databases.kind == "sqlite":
            assert databases.run(server.store_uri, "PRAGMA integrity_check") == [("ok",)]
            assert databases.run(server.store_uri, "PRAGMA foreign_key_check") == []
        with databases.snapshot(server.store_uri) as rows:
            check(rows, acknowledged)
    counts = ", ".join(f"{len(names)} {what}" for what, names in acknowledged.items())
    print(f"{counts} acknowledged over {ROUNDS} kills")
    server.start()
    assert server.stop() == 0


def column(rows):
    return {value for (value,) in rows}


def test_no_acknowledged_write_is_lost(tmp_path, databases):
    def check(rows, acknowledged):
        assert acknowledged["models"] <= column(rows("SELECT name FROM registered_models"))
        assert acknowledged["versions"] <= column(rows("SELECT name FROM model_versions WHERE version = 1"))
        assert acknowledged["tags"] <= column(rows(
            "SELECT t.name FROM registered_model_tags t WHERE t.key = 'k' AND t.value = t.name"))
        # A version comes with its tags or not at all.
        assert column(rows("SELECT name FROM model_versions")) == column(rows("SELECT name FROM model_version_tags"))

    server = MillraceServer(tmp_path, store_uri=databases.new())
    kill_under_load(server, databases, RegistryWriter, lambda: None, check)


def test_no_acknowledged_point_is_lost(tmp_path, databases):
    server = MillraceServer(tmp_path, store_uri=databases.new())

    def new_run():
        rest = Rest(server)
        made = rest.ok("POST", "runs/create", {"experiment_id": "0", "start_time": 1})
        RunWriter.run_id = made["run"]["info"]["run_id"]
        rest.close()

    def check(rows, acknowledged):
        points = rows("SELECT m.key, m.step FROM metrics m WHERE m.key LIKE '%m'")
        assert len(points) == len(set(points)) and acknowledged["points"] <= set(points)
        batches = dict(rows("SELECT m.key, COUNT(*) FROM metrics m WHERE m.key NOT LIKE '%m' GROUP BY m.key"))
        assert acknowledged["batches"] <= batches.keys()
        # The points of a batch come all or not at all, and so do the latest values with them.
        assert set(batches.values()) == {BATCH}
        last = {(run, key): step for run, key, step in rows(
            "SELECT m.run_uuid, m.key, MAX(m.step) FROM metrics m GROUP BY m.run_uuid, m.key")}
        assert {(run, key): step for run, key, step in rows(
            "SELECT l.run_uuid, l.key, l.step FROM latest_metrics l")} == last
        # MLflow stores params, metrics and tags of a batch in this order, each group of its own.
        params, tags = column(rows("SELECT p.key FROM params p")), column(rows("SELECT t.key FROM tags t"))
        assert acknowledged["batches"] <= params and acknowledged["batches"] <= tags
        assert batches.keys() <= params
        assert tags - {"mlflow.runName"} <= batches.keys()

    kill_under_load(server, databases, RunWriter, new_run, check)
