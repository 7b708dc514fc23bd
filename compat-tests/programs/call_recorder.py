"""Calls an MLflow client and keeps what came back, in a form that two servers can be compared in.

It runs with whatever MLflow its interpreter has, so it knows none of a version's own classes.
"""

import enum
import inspect
import json
import os
import re
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

import mlflow
from mlflow.exceptions import MlflowException

STARTED = int(time.time() * 1000)
ID = re.compile(r"\b(?:m-)?[0-9a-f]{32}\b")  # of a run, a logged model
MADE_UP = re.compile(r"[a-z]+-[a-z]+-\d{1,4}")  # the name of a run that was given none
DRIVER = re.compile(r"(already exists\. Error: |BAD_REQUEST: ).*", re.DOTALL)  # then comes its driver's text
SET = re.compile(r"\{('[^'{}]+'(?:, '[^'{}]+')*)\}")  # as Python prints one, its members in any order


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
                entry["refused"] = DRIVER.sub(r"\1<the driver's text>", SET.sub(in_order, hide(str(error))))
                raise
            finally:
                wait_for_links()
            entry["result"] = plain(result)
            return result

        return call

    def tried(self, name, *args, **kwargs):
        """Makes a call that one kind of database refuses and another one does not."""
        with suppress(MlflowException):
            getattr(self, name)(*args, **kwargs)

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


def hide(text, seen={}):
    """Ids are numbered as they come, so that the same id is the same number; the address of the server is hidden."""
    text = text.replace(os.environ["MLFLOW_TRACKING_URI"], "<server>")
    return ID.sub(lambda found: seen.setdefault(found[0], f"<id {len(seen) + 1}>"), text)


def plain(value):
    """JSON's types for any answer, entities by their properties; times of this run, ids and made-up names hidden."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return "<a made-up name>" if MADE_UP.fullmatch(value) else hide(value)
    if type(value).__name__ == "DataFrame":
        return plain(value.to_dict(orient="records"))
    if value != value:  # NaN and pandas' NaT, which are not equal to themselves
        return "NaN"
    if hasattr(value, "timestamp") and callable(value.timestamp):  # a datetime
        value = int(value.timestamp() * 1000)
    if isinstance(value, (int, float)):
        return "<a time of this run>" if STARTED <= value <= time.time() * 1000 else value
    if isinstance(value, dict):
        return {hide(str(key)): plain(one) for key, one in value.items()}
    if isinstance(value, Sequence):  # a page of results has a token beside
        items = [plain(one) for one in value]
        return {"items": items, "token": value.token} if hasattr(value, "token") else items
    if isinstance(value, set):
        return sorted(value)
    if isinstance(value, enum.Enum):
        return value.name
    properties = inspect.getmembers(type(value), lambda member: isinstance(member, property))
    return {key: plain(getattr(value, key)) for key, _ in properties} or type(value).__name__


def methods_with(part):
    """The client's methods that go to one of its two parts."""
    methods = inspect.getmembers(mlflow.MlflowClient, inspect.isfunction)
    return [name for name, method in methods if not name.startswith("_") and part in inspect.getsource(method)]


def play(*scenes):
    """Gives every scene a client of its own and prints what all of them saw."""
    seen = []
    for scene in scenes:
        scene(Recorder(mlflow.MlflowClient(), seen), mlflow.__version__)
    print(json.dumps({"version": mlflow.__version__, "seen": seen,
                      "registry_methods": ["create_model_version", *methods_with("_get_registry_client()")],
                      "tracking_methods": methods_with("self._tracking_client")}))
