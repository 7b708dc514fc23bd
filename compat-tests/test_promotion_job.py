"""The promotion job of a team's delivery pipeline, run as it stands: promotion_job/model-promotion.yml."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from mlflow.tracking import MlflowClient

from support.millrace_server import VENV

WORKFLOW = Path(__file__).parent / "programs" / "promotion_job" / "model-promotion.yml"
SOURCE = "s3://models/fraud_detector"


def promote(server, **inputs):
    """Runs the job's last step as the CI system does: expressions replaced, then bash.

    The environment has nothing of MLflow's but the one variable that the step itself sets.
    """
    job = yaml.safe_load(WORKFLOW.read_text())["jobs"]["promote"]
    [step] = [step for step in job["steps"] if step.get("name") == "Promote Model"]
    known = {"secrets.MLFLOW_TRACKING_URI": server.url,
             **{f"github.event.inputs.{name}": str(value) for name, value in inputs.items()}}

    def expand(text):
        return re.sub(r"\$\{\{ *([\w.]+) *\}\}", lambda match: known[match.group(1)], text)

    environment = {name: expand(value) for name, value in step["env"].items()}
    assert list(environment) == ["MLFLOW_TRACKING_URI"]
    return subprocess.run(
        ["bash", "-e", "-c", expand(step["run"])], capture_output=True, text=True, timeout=300,
        env={"PATH": f"{VENV / 'bin'}:{os.environ['PATH']}", "HOME": str(server.folder),
             **environment})


@pytest.fixture
def fraud_detector(millrace):
    """The client of a registry with three versions of one model, none in a stage."""
    client = MlflowClient(millrace.url)
    client.create_registered_model("fraud_detector")
    for number in (1, 2, 3):
        client.create_model_version("fraud_detector", f"{SOURCE}/{number}")
    yield client
    client.delete_registered_model("fraud_detector")


def stages(client):
    return [client.get_model_version("fraud_detector", str(number)).current_stage
            for number in (1, 2, 3)]


def test_promotes_and_rolls_back(fraud_detector, millrace):
    for version, stage in ((2, "Staging"), (2, "Production"), (3, "Production"), (3, "Archived")):
        job = promote(millrace, model_name="fraud_detector", version=version,
                      target_stage=stage)
        assert job.returncode == 0, job.stderr
    assert stages(fraud_detector) == ["None", "Production", "Archived"]
    [latest] = fraud_detector.get_latest_versions("fraud_detector", stages=["Production"])
    assert (latest.version, latest.source) == ("2", f"{SOURCE}/2")


@pytest.mark.parametrize(("version", "stage", "message"), [
    (9, "Production", "Model Version (name=fraud_detector, version=9) not found"),
    (1, "Live", "Invalid Model Version stage: Live. Value must be one of None, Staging, Production, Archived."),
])
def test_fails_when_nothing_was_promoted(fraud_detector, millrace, version, stage, message):
    job = promote(millrace, model_name="fraud_detector", version=version, target_stage=stage)
    assert job.returncode != 0
    assert message in job.stderr
    assert stages(fraud_detector) == ["None", "None", "None"]
