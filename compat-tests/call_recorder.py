"""Calls an MLflow client and keeps what came back, in a form that two servers can be compared in.

It runs with whatever MLflow its interpreter has, so it knows none of a version's own classes.
"""

import inspect
import json
import re
import threading
import time
from collections.abc import Sequence

import mlflow
from mlflow.exceptions import MlflowException

STARTED = int(time.time() * 1000)
SET = re.compile(r"\{('\w+'(?:, '\w+')*)\}")  # as Python prints one, its members in any order


class Recorder:
    """Passes calls on to `target` (a client, or a module of functions) and appends each to `seen`."""

    def __init__(self, target, seen):
        self._target = target
        self._seen = seen

    def __getattr__(self, name):
        function = getattr(self._target, name)

        def call(*args, **kwargs):
            entry = {"call": name, "arguments": plain([*args, kwargs])}
            self._seen.append(entry)
            try:
                result = function(*args, **kwargs)
            except MlflowException as error:
                entry["refused"] = SET.sub(in_order, str(error))
                raise
            finally:
                wait_for_links()
            entry["result"] = plain(result)
            return result

        return call

    def refused(self, code, name, *args, **kwargs):
        """Makes a call that must fail with this error code."""
        try:
            getattr(self, name)(*args, **kwargs)
        except MlflowException as error:
            assert error.error_code == code, error
        else:
            raise AssertionError(f"{name}{args} was not refused")


def in_order(match):
    return "{" + ", ".join(sorted(match[1].split(", "))) + "}"


def wait_for_links():
    """A new client tags the prompts that it meets from threads of its own; the next read shows it."""
    for thread in threading.enumerate():
        if thread.name.startswith("link_prompt"):
            thread.join()


def plain(value, name=""):
    """JSON's types for any answer, entities by their properties, times hidden once they make sense."""
    if name.endswith("_timestamp") and value is not None:
        assert STARTED <= value <= int(time.time() * 1000), f"{name} {value}"
        return "a time of this run"
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(one, str(key)) for key, one in value.items()}
    if isinstance(value, Sequence):  # a page of results has a token beside
        items = [plain(one) for one in value]
        return {"items": items, "token": value.token} if hasattr(value, "token") else items
    if isinstance(value, set):
        return sorted(value)
    properties = inspect.getmembers(type(value), lambda member: isinstance(member, property))
    assert properties, f"{name} is a {type(value)}"
    return {key: plain(getattr(value, key), key) for key, _ in properties}


def registry_methods():
    """The client's methods that go to the registry: those that ask for its registry part."""
    methods = inspect.getmembers(mlflow.MlflowClient, inspect.isfunction)
    return ["create_model_version"] + [
        name for name, method in methods
        if not name.startswith("_") and "_get_registry_client()" in inspect.getsource(method)]


def play(*scenes):
    """Gives every scene a client of its own and prints what all of them saw."""
    seen = []
    for scene in scenes:
        scene(Recorder(mlflow.MlflowClient(), seen), mlflow.__version__)
    print(json.dumps({"version": mlflow.__version__, "registry_methods": registry_methods(),
                      "seen": seen}))
