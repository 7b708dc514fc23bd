"""Logs, registers and loads a model of the flavour that the argument names, with a file of code or an artifact of its
own, and ends with "the same" when the loaded model answers as the one that was trained."""

import sys
import tempfile
from pathlib import Path

import mlflow
import numpy

DATA = numpy.array([[float(row), float(row * row % 13)] for row in range(60)])
TARGET = DATA @ [2.0, -1.0]

CODE = """
def scaled(values, factor):
    return [value * factor for value in values]
"""


class Scaler(mlflow.pyfunc.PythonModel):
    """Needs a file that is logged with it, and a module that it finds only beside itself."""

    def load_context(self, context):
        self.factor = float(Path(context.artifacts["factor"]).read_text())

    def predict(self, context, model_input, params=None):
        from code_of_the_model import scaled

        return scaled([row[0] for row in model_input.tolist()], self.factor)


def log_pyfunc(folder):
    Path(folder, "code_of_the_model.py").write_text(CODE)
    Path(folder, "factor.txt").write_text("2.5")
    mlflow.pyfunc.log_model(
        "model", python_model=Scaler(), code_paths=[f"{folder}/code_of_the_model.py"],
        artifacts={"factor": f"{folder}/factor.txt"}, pip_requirements=["mlflow"], registered_model_name="pyfunc")
    return [row[0] * 2.5 for row in DATA.tolist()]


def log_lightgbm(folder):
    import lightgbm

    model = lightgbm.train({"objective": "regression", "verbose": -1, "min_data_in_leaf": 2, "num_threads": 1},
                           lightgbm.Dataset(DATA, TARGET), num_boost_round=5)
    mlflow.lightgbm.log_model(model, name="model", pip_requirements=["lightgbm"], registered_model_name="lightgbm")
    return model.predict(DATA).tolist()


def main(flavour):
    with tempfile.TemporaryDirectory() as folder:
        with mlflow.start_run():
            expected = {"pyfunc": log_pyfunc, "lightgbm": log_lightgbm}[flavour](folder)
    loaded = mlflow.pyfunc.load_model(f"models:/{flavour}/1")
    assert list(loaded.predict(DATA)) == expected
    print("the same")


main(*sys.argv[1:])
