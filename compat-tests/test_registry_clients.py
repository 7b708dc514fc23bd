"""Every registry and prompt call of three generations of the client, on Millrace and on the real MLflow.

The calls are in registry_calls.py and prompt_calls.py, run by the interpreter of each client's environment.
"""

import functools
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from millrace_server import ROOT, VENV

FOLDER = Path(__file__).parent
CLIENTS = {  # version: its environment, its scripts
    "3.17.2": (VENV, ["registry_calls.py", "prompt_calls.py"]),
    "2.22.5": (ROOT / "build" / "client-2.22", ["registry_calls.py", "prompt_calls.py"]),
    "2.9.2": (ROOT / "build" / "client-2.9", ["registry_calls.py"]),  # it knows no prompts
}
NOT_CALLED = {
    # They write to a run, a logged model and a trace, which Millrace does not have yet.
    "link_prompt_version_to_run", "link_prompt_version_to_model", "link_prompt_versions_to_trace",
    # Millrace has no webhooks yet.
    "create_webhook", "get_webhook", "list_webhooks", "update_webhook", "delete_webhook", "test_webhook",
}


@functools.cache
def play(script, version, server):
    """What a script printed. The only setting is where the server is; DO_NOT_TRACK is not MLflow's."""
    venv, _ = CLIENTS[version]
    assert venv.exists(), f"{venv} is missing: run scripts/make_venv"
    run = subprocess.run(
        [venv / "bin" / "python", "-W", "ignore", FOLDER / script], capture_output=True, text=True,
        timeout=600, cwd=server.folder,
        env={"PATH": os.environ["PATH"], "HOME": str(server.folder), "DO_NOT_TRACK": "true",
             "MLFLOW_TRACKING_URI": server.url})
    assert run.returncode == 0, f"{script} of {version} on {server.url}:\n{run.stderr}"
    answers = json.loads(run.stdout)
    assert answers["version"] == version
    return answers


@pytest.mark.parametrize(
    ("version", "script"),
    [(version, script) for version, (_, scripts) in CLIENTS.items() for script in scripts])
def test_a_client_sees_the_same_on_both_servers(version, script, millrace, mlflow_server):
    with ThreadPoolExecutor() as pool:
        ours, theirs = pool.map(lambda server: play(script, version, server)["seen"],
                                (millrace, mlflow_server))
    assert len(ours) == len(theirs) > 20
    for our_call, their_call in zip(ours, theirs):
        assert our_call == their_call


@pytest.mark.parametrize("version", CLIENTS)
def test_no_call_is_left_out(version, millrace):
    known, called = set(), set()
    for script in CLIENTS[version][1]:
        answers = play(script, version, millrace)
        known |= set(answers["registry_methods"])
        called |= {one["call"] for one in answers["seen"]}
    assert known - called == known & NOT_CALLED
