"""Trains with autologging, as a notebook does, in nested runs and in runs that autologging makes."""

from pathlib import Path

import mlflow
import mlflow.sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

features, labels = load_iris(return_X_y=True)


def train():
    assert LogisticRegression(max_iter=150).fit(features, labels).score(features, labels) > 0.9


# Artifacts go to a folder that the client writes to by itself.
mlflow.create_experiment("autolog", artifact_location=Path("autolog artifacts").absolute().as_uri())
mlflow.set_experiment("autolog")
mlflow.sklearn.autolog(log_models=False)
with mlflow.start_run(run_name="outer"):
    with mlflow.start_run(run_name="search", nested=True):
        GridSearchCV(LogisticRegression(max_iter=200), {"C": [0.1, 1.0]}, cv=2).fit(features, labels)
train()

# Artifacts go to the server, the model and the pictures.
mlflow.set_experiment("autolog to the server")
train()
mlflow.sklearn.autolog()
with mlflow.start_run(run_name="with a model"):
    train()
print("trained")
