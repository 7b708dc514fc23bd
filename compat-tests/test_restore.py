"""`millrace restore` where something is already: nothing is lost, and whatever breaks off leaves things as they were."""

import re
import signal
import subprocess
import time

import pytest

from support.backups import content, names, new, ok, put, refused, ROUTE, rows, saved  # noqa: F401
from support.millrace_server import BINARY, MillraceServer, environment
from support.rest import Rest


def test_nothing_that_is_there_is_lost(saved):
    old = saved / "old"
    before = content(old)
    for flags, wanted in (([], "--force"), (["--artifacts-destination", "./other"], "mlflow.db"),
                          (["--backend-store-uri", "sqlite:///other.db"], "mlartifacts")):
        assert wanted in refused("restore", saved / "saved.tar", *flags, folder=old)
    assert content(old) == before
    with MillraceServer(old) as server:
        Rest(server).ok("POST", "registered-models/create", {"name": "late"})
        put(server, "late", b"late")
    late = rows(old / "mlflow.db")
    done = ok("restore", saved / "saved.tar", "--force", folder=old)
    [aside] = [name for name in names(old) if re.fullmatch(r"mlflow\.db\.before-restore-[0-9]{8}-[0-9]{6}", name)]
    assert rows(old / aside) == late
    [folder] = [name for name in names(old) if re.fullmatch(r"mlartifacts\.before-restore-[0-9]{8}-[0-9]{6}", name)]
    assert (old / folder / "late").read_bytes() == b"late"
    assert aside in done.stdout and folder in done.stdout
    assert names(old) == sorted(["mlartifacts", "mlflow.db", "server.log", aside, folder])
    with MillraceServer(old) as server:
        rest = Rest(server)
        rest.ok("GET", "model-versions/get?name=kept&version=1")
        assert rest.call("GET", "registered-models/get?name=late")[0] == 404
        assert server.get(f"{ROUTE}/0/models/m/artifacts/weights.bin")[2] == b"w" * 100_000


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_not_under_a_server(saved, force):
    with MillraceServer(saved / "old") as server:
        said = refused("restore", saved / "saved.tar", *force, folder=server.folder)
        assert re.search(r"in use by millrace \(process \d+\); stop the server first", said)
        Rest(server).ok("POST", "registered-models/create", {"name": "goes on"})
        assert server.get("/readyz")[0] == 200
    assert ("goes on",) in [row[:1] for row in rows(saved / "old" / "mlflow.db")["registered_models"]]


def test_over_what_a_crash_left(saved):
    server = MillraceServer(saved / "old")
    server.start()
    Rest(server).ok("POST", "registered-models/create", {"name": "last"})
    server.kill()
    ok("restore", saved / "saved.tar", "--force", folder=saved / "old")
    [aside] = [path for path in (saved / "old").iterdir() if path.name.endswith(tuple("0123456789"))
               and path.name.startswith("mlflow.db.before")]
    assert ("last",) in [row[:1] for row in rows(aside)["registered_models"]]
    assert ("last",) not in [row[:1] for row in rows(saved / "old" / "mlflow.db")["registered_models"]]


def test_over_a_damaged_database(saved):
    (saved / "old" / "mlflow.db").write_bytes(b"x" * 10_000)
    (saved / "old" / "mlflow.db-wal").write_bytes(b"y" * 10_000)
    ok("restore", saved / "saved.tar", "--force", folder=saved / "old")
    kept = sorted(path.read_bytes()[:1] for path in (saved / "old").iterdir() if "mlflow.db.before" in path.name)
    assert kept == [b"x", b"y"]
    assert ("kept",) in [row[:1] for row in rows(saved / "old" / "mlflow.db")["registered_models"]]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_restore_that_is_killed(saved, number):
    """At any moment: nothing, or all."""
    with open(saved / "old" / "mlartifacts" / "large", "wb") as file:
        file.truncate(1 << 28)
    ok("backup", saved / "b.tar", folder=saved / "old")
    folder = new(saved)
    for delay in (0.02, 0.05, 0.1, 0.2, 0.4):
        process = subprocess.Popen([BINARY, "restore", saved / "b.tar"], cwd=folder, env=environment(),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(number)
        process.wait(60)
        if process.returncode == 0:
            break
        assert not (folder / "mlflow.db").exists() and not (folder / "mlartifacts").exists()
        assert number == signal.SIGKILL or names(folder) == []
    else:
        ok("restore", saved / "b.tar", folder=folder)
    assert names(folder) == ["mlartifacts", "mlflow.db"]
