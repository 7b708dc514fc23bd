"""`kill -9` under load: what was acknowledged is there afterwards, and nothing is half there."""

import http.client
import sqlite3
import threading
import time

from millrace_server import MillraceServer
from rest import Rest

ROUNDS = 20
WRITERS = 8


class Writer(threading.Thread):
    """Registers models with a version and tags until the server is gone; remembers what was acknowledged."""

    def __init__(self, server, round_, number):
        super().__init__()
        self.server, self.prefix = server, f"r{round_}w{number}"
        self.models, self.versions, self.tags = [], [], []
        self.unexpected = None

    def run(self):
        rest = Rest(self.server, timeout=10)
        try:
            for count in range(100_000):
                name = f"{self.prefix}n{count}"
                rest.ok("POST", "registered-models/create", {"name": name})
                self.models.append(name)
                rest.ok("POST", "model-versions/create",
                        {"name": name, "source": "s3://bucket/x", "tags": [{"key": "a", "value": "1"}]})
                self.versions.append(name)
                rest.ok("POST", "registered-models/set-tag", {"name": name, "key": "k", "value": name})
                self.tags.append(name)
        except (OSError, http.client.HTTPException):
            pass  # the kill
        except Exception as error:  # kept for the test: a thread's own failure would not fail it
            self.unexpected = error
        finally:
            rest.close()


def column(database, sql):
    return {row[0] for row in database.execute(sql)}


def test_no_acknowledged_write_is_lost(tmp_path):
    server = MillraceServer(tmp_path)
    models, versions, tags = set(), set(), set()
    for round_ in range(ROUNDS):
        server.start()
        writers = [Writer(server, round_, number) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        time.sleep(0.1 + 0.02 * round_)
        server.kill()
        for writer in writers:
            writer.join(30)
            assert writer.unexpected is None, writer.unexpected
            models.update(writer.models)
            versions.update(writer.versions)
            tags.update(writer.tags)
        assert all(writer.models for writer in writers), "the round ended before every writer had written"
        with sqlite3.connect(server.database) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []
            assert models <= column(database, "SELECT name FROM registered_models")
            assert versions <= column(database, "SELECT name FROM model_versions WHERE version = 1")
            assert tags <= column(database, "SELECT name FROM registered_model_tags WHERE key = 'k' AND value = name")
            # A version comes with its tags or not at all.
            assert column(database, "SELECT name FROM model_versions") == column(
                database, "SELECT name FROM model_version_tags")
    print(f"{len(models)} models, {len(versions)} versions, {len(tags)} tags acknowledged over {ROUNDS} kills")
    server.start()
    assert server.stop() == 0
