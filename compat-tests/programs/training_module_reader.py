"""Lists, downloads and loads what the newest client has registered in training_module.py; prints what it saw."""

import hashlib
import json
import tempfile
from pathlib import Path

import mlflow
from mlflow.tracking import MlflowClient

from call_recorder import Recorder
from training_module import FOR_OTHERS as NAME
from training_module import load_everywhere

# They hold ids and times, of the same length.
CHANGING = ("MLmodel", "registered_model_meta")


def digests(folder):
    """The size of each file below a folder, and a digest of its content unless that has something new each time."""
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): [path.stat().st_size, "" if path.name in CHANGING else
                                            hashlib.sha256(path.read_bytes()).hexdigest()] for path in files}


def main():
    seen = []
    version = MlflowClient().get_model_version(NAME, "3")
    client = Recorder(MlflowClient(), seen)
    client.list_artifacts(version.run_id)
    client.list_artifacts(version.run_id, "model")
    uri = client.get_model_version_download_uri(NAME, "3")
    downloads = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, source in enumerate((f"models:/{NAME}/3", f"runs:/{version.run_id}/model", uri)):
            target = Path(folder, str(number))
            target.mkdir()
            try:
                downloads[f"{number}"] = digests(mlflow.artifacts.download_artifacts(source, dst_path=str(target)))
            except Exception as error:  # an old client does not find a new one's model by its run
                downloads[f"{number}"] = type(error).__name__
    seen.append({"call": "download_artifacts", "result": downloads})
    model = mlflow.pyfunc.load_model(f"models:/{NAME}/3")
    seen.append({"call": "signature", "result": str(model.metadata.signature)})
    print(json.dumps({"version": mlflow.__version__, "seen": seen, "downloads": downloads,
                      "predictions": load_everywhere(NAME)}))


if __name__ == "__main__":
    main()
