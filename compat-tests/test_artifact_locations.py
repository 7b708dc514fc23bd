"""Experiments whose artifacts lie in folders that a server does not serve: it says so at its start in one line, and `db
check` lists the folders."""

import subprocess
import time

import pytest

from support.millrace_server import BINARY, MillraceServer, environment
from support.rest import Rest

WARNING = "experiments have their artifacts in folders that are not served"


def lines_of(server):
    """What the log says of them, once the start has said all: the look ends before the stop."""
    deadline = time.monotonic() + 30
    while WARNING not in server.log() and time.monotonic() < deadline:
        time.sleep(0.05)
    return [line for line in server.log().splitlines() if WARNING in line]


def check(uri, *words):
    done = subprocess.run([BINARY, "db", "check", uri, *words], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if " artifacts " in line]


@pytest.mark.sqlite
def test_they_are_told_of(tmp_path):
    flags = ["--artifacts-destination", str(tmp_path / "served")]
    with MillraceServer(tmp_path, *flags) as server:
        rest = Rest(server)
        for name, location in (("a", "old/mlruns/1"), ("b", "old/mlruns/2"), ("c", "other/3"), ("d", "served/4")):
            rest.ok("POST", "experiments/create", {"name": name, "artifact_location": f"{tmp_path}/{location}"})
        rest.ok("POST", "experiments/create", {"name": "e", "artifact_location": "s3://b/5"})
        gone = rest.ok("POST", "experiments/create", {"name": "f", "artifact_location": "/gone/6"})["experiment_id"]
        rest.ok("POST", "experiments/delete", {"experiment_id": gone})
        rest.close()
        assert WARNING not in server.log()
    with MillraceServer(tmp_path, *flags) as server:
        line, = lines_of(server)
        assert f" 3 {WARNING}" in line and f"{tmp_path}/old/mlruns" in line and "--allowed-artifact-root" in line
    told = check(server.store_uri, *flags)
    assert len(told) == 2
    assert "2 experiments" in told[0] and f"{tmp_path}/old/mlruns," in told[0] and "--allowed-artifact-root" in told[0]
    assert "1 experiments" in told[1] and f"{tmp_path}/other," in told[1]
    assert check(server.store_uri, *flags, "--allowed-artifact-root", str(tmp_path / "old"),
                 "--allowed-artifact-root", str(tmp_path / "other")) == []
