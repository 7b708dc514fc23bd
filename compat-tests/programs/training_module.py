"""A course's module on the model registry, step by step and as its page has it, by whatever MLflow this interpreter has:
trains, logs, registers, promotes and loads. Prints what it saw, for two servers to be compared.
"""

import json

import mlflow
import pandas
from mlflow.models.signature import infer_signature
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LogisticRegression

from call_recorder import Recorder

NEWEST = mlflow.__version__ == "3.17.2"
NAME = "fraud_detector" + ("" if NEWEST else f"_{mlflow.__version__}")
# Another model, in the form that the other clients can load, too.
FOR_OTHERS = "for_others"
# Loading the model in a process of its own, to see what it needs, is half of the time: once is enough.
NOT_INFERRED = {"pip_requirements": ["scikit-learn"]}
STEPS = range(40)
DATA = pandas.DataFrame({"age": [20.0 + step for step in STEPS], "amount": [float(step * step % 97) for step in STEPS]})


def train_model(age=30):
    return LogisticRegression().fit(DATA, DATA["age"] > age)


def expected():
    """What the model in production answers."""
    return train_model(45).predict(DATA).tolist()


def load_everywhere(name):
    """Predictions of what each way to name a version leads to."""
    uris = [f"models:/{name}{version}" for version in ("/Production", "/3", "/latest", "@champion", "/1")]
    return {uri: mlflow.pyfunc.load_model(uri).predict(DATA).tolist() for uri in uris}


def history(tags):
    """What an old client keeps about a run's models, without what is new each time."""
    models = json.loads(tags.get("mlflow.log-model.history", "[]"))
    return [{key: one[key] for key in one if key not in ("run_id", "utc_time_created", "model_uuid")} for one in models]


def register(client, seen, name, **options):
    with mlflow.start_run() as run:
        model = train_model()
        mlflow.sklearn.log_model(model, "model", registered_model_name=name, **options)
    tags = MlflowClient().get_run(run.info.run_id).data.tags
    seen.append({"call": "get_run", "result": [sorted(tags), history(tags)]})
    result = mlflow.register_model(model_uri=f"runs:/{run.info.run_id}/model", name=name)
    assert result.version in (2, "2")
    model = train_model(45)
    with mlflow.start_run() as run:
        signature = infer_signature(DATA, model.predict(DATA))
        mlflow.sklearn.log_model(model, "model", registered_model_name=name, signature=signature,
                                 input_example=DATA.head(3), **{**NOT_INFERRED, **options})
    return run.info.run_id


def manage(client, name):
    client.search_model_versions(f"name='{name}'")
    client.transition_model_version_stage(name=name, version=3, stage="Production")
    client.get_latest_versions(name, stages=["Production"])
    client.transition_model_version_stage(name=name, version=2, stage="Archived")
    client.set_registered_model_alias(name, "champion", "3")
    client.update_registered_model(
        name=name, description="XGBoost model for fraud detection. Trained on transaction data.")
    client.update_model_version(name=name, version=3, description="Improved feature engineering. F1: 0.92")
    version = 3 if NEWEST else "3"  # a number is what the page has, and what old clients refuse here
    client.set_model_version_tag(name=name, version=version, key="validation_status", value="passed")
    client.set_model_version_tag(name=name, version=version, key="data_version", value="v2.1")
    [found] = client.search_model_versions(f"name='{name}' and tags.validation_status='passed'")
    assert int(found.version) == 3
    client.get_model_version_by_alias(name, "champion")
    client.get_model_version_download_uri(name, "3")


def main():
    seen = []
    client = Recorder(MlflowClient(), seen)
    mlflow.set_experiment(f"training module of {mlflow.__version__}")
    run_id = register(client, seen, NAME)
    manage(client, NAME)
    if NEWEST:
        register(client, seen, FOR_OTHERS, serialization_format="cloudpickle", **NOT_INFERRED)
        manage(client, FOR_OTHERS)
    client.list_artifacts(run_id)
    client.list_artifacts(run_id, "model")
    predictions = load_everywhere(NAME)
    seen.append({"call": "predict", "result": list(predictions.items())})
    print(json.dumps({"version": mlflow.__version__, "name": NAME, "seen": seen, "predictions": predictions,
                      "expected": expected(), "expected of the first": train_model().predict(DATA).tolist()}))


if __name__ == "__main__":
    main()
