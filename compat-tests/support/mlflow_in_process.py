"""A real MLflow server inside this process, on a database of its own, with a small world of models,
runs and logged models in it, and the same world as Millrace's comparison program takes it."""

import json
import os
import pathlib
import sqlite3

IS_PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}


def _experiment(store, name, location):
    return store.create_experiment(name, artifact_location=location, tags=[])


def _run(store, experiment_id):
    run = store.create_run(experiment_id, user_id="u", start_time=1, tags=[], run_name="r")
    return run.info.run_id


class World:
    """Where everything lies. `folder` holds artifacts with symbolic links in and out."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder.resolve()
        self.database = self.folder / "mlflow.db"
        self.environment = dict(os.environ)
        os.environ["_MLFLOW_SERVER_FILE_STORE"] = f"sqlite:///{self.database}"
        os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = "mlflow-artifacts:/"
        from mlflow.server import app, handlers

        app.config["PROPAGATE_EXCEPTIONS"] = False
        self.client = app.test_client()
        self.tracking = handlers._get_tracking_store()
        self.registry = handlers._get_model_registry_store()
        self._make_tracking()
        self._make_folders()
        self._make_models()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Leaves no trace for the other tests of this process: the stores set addresses for all."""
        import mlflow
        from mlflow.server import handlers

        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)
        handlers._tracking_store = handlers._model_registry_store = None
        os.environ.clear()
        os.environ.update(self.environment)

    def _make_tracking(self):
        store = self.tracking
        self.runs = {}
        local = {"local": f"{self.folder}/artifacts", "file": f"file://{self.folder}/artifacts/with%20blank"}
        remote = {"proxy": "mlflow-artifacts:/9", "http": "http://srv:5000/api/2.0/mlflow-artifacts/artifacts/p",
                  "s3": "s3://bucket/root", "encoded": "mlflow-artifacts:/a%2520b"}
        for name, location in {**local, **remote}.items():
            experiment_id = _experiment(store, name, location)
            self.runs[name] = _run(store, experiment_id)
        self.logged_models = {}
        for name in ("local", "proxy", "s3"):
            experiment_id = store.get_experiment_by_name(name).experiment_id
            for suffix, run in (("", self.runs[name]), ("_without_run", None)):
                model = store.create_logged_model(experiment_id, name=name, source_run_id=run)
                self.logged_models[name + suffix] = model.model_id

    def artifact_uri(self, run):
        return self.tracking.get_run(self.runs[run]).info.artifact_uri

    def model_location(self, model):
        return self.tracking.get_logged_model(self.logged_models[model]).artifact_location

    def _make_folders(self):
        self.root = pathlib.Path(self.artifact_uri("local"))
        (self.root / "sub" / "a b").mkdir(parents=True)
        (self.folder / "outside").mkdir()
        (self.root / "out").symlink_to(self.folder / "outside")
        (self.root / "up").symlink_to("..")
        (self.root / "in").symlink_to("sub")
        (self.root / "loop").symlink_to("loop")
        (self.folder / "alias_of_root").symlink_to(self.root)
        pathlib.Path(self.model_location("local")).mkdir(parents=True)

    def _post(self, path, body):
        response = self.client.post(f"/api/2.0/mlflow/{path}", json=body)
        assert response.status_code == 200, (path, body, response.data)
        return response

    def _make_models(self):
        for name in ("target", "src", "empty", "a#b", "a%2Fb", "up%2F..%2Fx", "bin", "a b", "\u00e9", "a@b", "plus+x"):
            self._post("registered-models/create", {"name": name})
        self._post("registered-models/create", {"name": "prompt", "tags": [IS_PROMPT]})
        self._post("registered-models/create", {"name": "prompt_upper", "tags": [{**IS_PROMPT, "value": "TRUE"}]})
        self._post("registered-models/create", {"name": "prompt_false", "tags": [{**IS_PROMPT, "value": "false"}]})
        for name in ("src", "src", "src", "src", "a#b", "a%2Fb", "up%2F..%2Fx", "bin", "a b", "\u00e9", "a@b", "plus+x", "prompt_false"):
            self._post("model-versions/create", {"name": name, "source": f"s3://bucket/{name[:1]}", "run_id": "run_of_" + name})
        self._post("model-versions/create", {"name": "src", "source": "models:/src/1"})
        with sqlite3.connect(self.database) as connection:
            connection.execute("UPDATE model_versions SET run_id = NULL WHERE name = 'src' AND version = 2")
            connection.execute("UPDATE model_versions SET storage_location = NULL WHERE name = 'src' AND version = 3")
        for version, stage in ((1, "Staging"), (2, "Production"), (3, "Staging")):
            self.registry.transition_model_version_stage("src", str(version), stage, False)
        self.registry.delete_model_version("src", "4")
        self.registry.set_registered_model_alias("src", "champ", "2")

    def _models_for_millrace(self):
        models = {}
        with sqlite3.connect(self.database) as connection:
            for (name,) in connection.execute("SELECT name FROM registered_models"):
                tags = dict(connection.execute("SELECT key, value FROM registered_model_tags WHERE name = ?", (name,)))
                models[name] = {"prompt": tags.get(IS_PROMPT["key"], "").lower() == "true", "versions": [], "aliases": {}}
            rows = connection.execute(
                "SELECT name, version, current_stage, source, storage_location, run_id FROM model_versions"
                " WHERE current_stage != 'Deleted_Internal' ORDER BY version")
            for name, version, stage, source, location, run_id in rows:
                models[name]["versions"].append({"version": version, "stage": stage, "source": source,
                                                 "storage_location": location, "run_id": run_id})
            for name, alias, version in connection.execute("SELECT name, alias, version FROM registered_model_aliases"):
                models[name]["aliases"][alias] = version
        return models

    def for_millrace(self):
        logged_models = {}
        for model_id in self.logged_models.values():
            model = self.tracking.get_logged_model(model_id)
            logged_models[model_id] = [model.artifact_location, model.source_run_id]
        runs = {run_id: self.tracking.get_run(run_id).info.artifact_uri for run_id in self.runs.values()}
        return {"models": self._models_for_millrace(), "runs": runs, "logged_models": logged_models}

    def create(self, body):
        """What MLflow makes of model-versions/create: [source, storage_location, run_id] as stored, an
        error as (code, message), or None for its page of a crash."""
        response = self.client.post("/api/2.0/mlflow/model-versions/create", json=body)
        if response.status_code == 200:
            version = json.loads(response.data)["model_version"]["version"]
            with sqlite3.connect(self.database) as connection:
                (row,) = connection.execute(
                    "SELECT source, storage_location, run_id FROM model_versions WHERE name = ? AND version = ?",
                    (body["name"], version))
            return list(row)
        if response.content_type != "application/json":
            assert response.status_code == 500, response.data
            return None
        error = json.loads(response.data)
        return error["error_code"], error["message"]
