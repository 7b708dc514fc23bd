"""The life of experiments, runs, metrics, datasets and logged models, by the calls of three generations of the Python
client, of the Java client, and of training with autologging, on Millrace and on the real MLflow.

The calls are programs/: tracking_calls.py, run by the interpreter of each client's environment, java/TrackingCalls.java and
autolog_program.py.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from support.client_programs import FOLDER, play, play_on_both, run, run_program
from support.millrace_server import ROOT
from support.rest import Rest

VERSIONS = ["3.17.2", "3.0.1", "2.22.5"]
NOT_CALLED = (
    # test_training_module.py calls these,
    "artifact",
    # Millrace has no traces and assessments,
    "trace", "assessment",
    # nor datasets for evaluation,
    "_dataset",
    # nor a registry of MCP servers.
    "mcp_",
)

MADE_UP = re.compile(r"^[a-z]+-[a-z]+-\d{1,4}$")
JARS = ROOT / "build" / "java-client"
HIDDEN_OF_JAVA = (
    (re.compile(r"\b[0-9a-f]{32}\b"), "<id>"),
    (re.compile(r"\b1[0-9]{12}\b"), "<a time of this run>"),
    (re.compile(r'"[a-z]+-[a-z]+-\d{1,4}"'), "<a made-up name>"),
    (re.compile(r'(already exists\. Error: ).*(?=", "sqlstate")'), r"\1<the driver's text>"),
    (re.compile(r"\{'[^'{}]+'(, '[^'{}]+')*\}"), "<a set>"),
)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_sees_the_same_on_both_servers(version, millrace, mlflow_server):
    assert len(play_on_both("tracking_calls.py", version, millrace, mlflow_server)["seen"]) > 20


@pytest.mark.parametrize("version", VERSIONS)
def test_no_call_is_left_out(version, millrace):
    answers = play("tracking_calls.py", version, millrace)
    left_out = set(answers["tracking_methods"]) - {one["call"] for one in answers["seen"]}
    assert [name for name in sorted(left_out) if not any(word in name for word in NOT_CALLED)] == []


def answers_to_java(server):
    jars = ":".join(map(str, JARS.glob("*.jar")))
    assert jars, f"{JARS} is missing: run scripts/make_java"
    printed, _ = run(["java", "-Dfile.encoding=UTF-8", "-cp", jars, FOLDER / "java" / "TrackingCalls.java"], server)
    for pattern, stand_in in HIDDEN_OF_JAVA:
        printed = pattern.sub(stand_in, printed)
    return printed.split("== ")[1:]


def test_the_java_client_sees_the_same_on_both_servers(millrace, mlflow_server, databases):
    with ThreadPoolExecutor() as pool:
        ours, theirs = pool.map(answers_to_java, (millrace, mlflow_server))
    assert len(ours) == len(theirs) > 25
    if databases.kind == "postgresql":  # tags and the like come in no order (replay/unordered.py)
        ours, theirs = ([sorted(answer.splitlines()) for answer in answers] for answers in (ours, theirs))
    for our_answer, their_answer in zip(ours, theirs):
        assert our_answer == their_answer


def logged(server, experiment):
    """The runs of an experiment, without what is new each time, in an order that does not depend on it."""
    rest = Rest(server)
    found = rest.ok("GET", f"experiments/get-by-name?experiment_name={quote(experiment)}")["experiment"]
    found = rest.ok("POST", "runs/search", {"experiment_ids": [found["experiment_id"]]})["runs"]
    rest.close()
    runs = []
    for one in found:
        data = one["data"]
        tags = {tag["key"]: tag["value"] for tag in data["tags"]}
        runs.append({
            "name": MADE_UP.sub("made up", tags["mlflow.runName"]),
            "estimator": tags.get("estimator_class"),
            "has a parent": "mlflow.parentRunId" in tags,
            "status": one["info"]["status"],
            "params": sorted((param["key"], param["value"]) for param in data.get("params", [])),
            # the candidates of a search have the time of their training, too
            "metrics": sorted((metric["key"], metric["value"]) for metric in data.get("metrics", [])
                              if not metric["key"].endswith("_time")),
            "datasets": len(one["inputs"].get("dataset_inputs", []))})
    return sorted(runs, key=str)


def logged_models(server, experiment):
    rest = Rest(server)
    found = rest.ok("GET", f"experiments/get-by-name?experiment_name={quote(experiment)}")["experiment"]
    models = rest.ok("POST", "logged-models/search", {"experiment_ids": [found["experiment_id"]]})["models"]
    rest.close()
    return [(one["info"]["name"], one["info"]["status"], one["data"]["params"],
             sorted((metric["key"], metric["value"]) for metric in one["data"]["metrics"])) for one in models]


def artifacts(server, experiment):
    """The files of an experiment's runs and models, without the ids."""
    rest = Rest(server)
    found = rest.ok("GET", f"experiments/get-by-name?experiment_name={quote(experiment)}")["experiment"]
    rest.close()
    root = server.folder / "mlartifacts" / found["experiment_id"]
    return sorted(re.sub(r"\b(m-)?[0-9a-f]{32}\b", "<id>", str(path.relative_to(root)))
                  for path in root.rglob("*") if path.is_file())


def test_autologging_logs_the_same_to_both_servers(millrace, mlflow_server):
    servers = (millrace, mlflow_server)
    with ThreadPoolExecutor() as pool:
        done = pool.map(lambda server: run_program("autolog_program.py", "3.17.2", server), servers)
        assert all(printed.endswith("trained\n") for printed in done)
    ours, theirs = (logged(server, "autolog") for server in servers)
    assert len(ours) == len(theirs) == 5  # outer, search with its two candidates, one without a name
    assert ours == theirs
    ours, theirs = (logged(server, "autolog to the server") for server in servers)
    assert len(ours) == len(theirs) == 2
    assert ours == theirs
    ours, theirs = (logged_models(server, "autolog to the server") for server in servers)
    assert len(ours) == len(theirs) == 1
    assert ours == theirs
    ours, theirs = (artifacts(server, "autolog to the server") for server in servers)
    assert any(name.endswith(".png") for name in ours) and any(name.endswith("/MLmodel") for name in ours)
    assert ours == theirs
