"""Programs of compat-tests/ that a client's own interpreter runs, and the environments of scripts/make_venv."""

import functools
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.millrace_server import ROOT, VENV
from replay import unordered

FOLDER = ROOT / "compat-tests" / "programs"
CLIENTS = {
    "3.17.2": VENV,
    "3.0.1": ROOT / "build" / "client-3.0",
    "2.22.5": ROOT / "build" / "client-2.22",
    "2.9.2": ROOT / "build" / "client-2.9",
}


def environment(server, **variables):
    """As a user has it, where the server is, and what makes a fault fail at once: a client repeats what a server
    refuses with a 5xx for minutes. DO_NOT_TRACK is not MLflow's."""
    return {"PATH": os.environ["PATH"], "HOME": str(server.folder), "DO_NOT_TRACK": "true",
            "MLFLOW_TRACKING_URI": server.url, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
            "MLFLOW_HTTP_REQUEST_TIMEOUT": "60", **variables}


def run(command, server, timeout=300, **variables):
    """Runs a client's program beside a server; returns its standard output, and what it complained of."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout,
                          cwd=server.folder, env=environment(server, **variables))
    assert done.returncode == 0, f"{command} on {server.url}:\n{done.stdout[-2000:]}\n{done.stderr[-6000:]}"
    return done.stdout, done.stderr


@functools.cache
def play(script, version, server):
    """What a script of call_recorder.py saw."""
    venv = CLIENTS[version]
    assert venv.exists(), f"{venv} is missing: run scripts/make_venv"
    printed, _ = run([venv / "bin" / "python", "-W", "ignore", FOLDER / script], server)
    answers = json.loads(printed.splitlines()[-1])  # the client, too, prints
    assert answers["version"] == version
    return answers


def play_on_both(script, version, millrace, mlflow_server):
    """Every call of the script sees the same on the two servers; returns what it saw on ours."""
    with ThreadPoolExecutor() as pool:
        ours, theirs = pool.map(lambda server: play(script, version, server), (millrace, mlflow_server))
    kind = millrace.store_uri.partition(":")[0].partition("+")[0]
    for our_call, their_call in zip(ours["seen"], theirs["seen"], strict=True):
        assert unordered.sorted_lists(our_call, kind) == unordered.sorted_lists(their_call, kind)
    return ours
