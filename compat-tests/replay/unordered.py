"""Lists in answers that MLflow reads from its database in no order, sorted before they are compared.

On SQLite their order is that of insertion, and compared. MySQL has most of them in the order of a
primary key, of which some begin with random ids. PostgreSQL's depends on what was changed before and
on how many rows it expects, which goes for points of a metric at one instant, too.
"""

import itertools
import json

from replay.masks import ID

BY_RANDOM_IDS = {"dataset_inputs", "dataset_summaries"}
LISTS = {"mysql": BY_RANDOM_IDS,
         "postgresql": BY_RANDOM_IDS | {"tags", "params", "metrics", "aliases", "latest_versions",
                                       "model_inputs", "model_outputs"}}


def sort(text, kind):
    """The text of an answer with these lists sorted, laid out as before."""
    if kind not in LISTS or not text.startswith("{"):
        return text
    try:
        answer = json.loads(text)
    except ValueError:
        return text
    history = answer.pop("metrics", None)  # the only list of these that has an order
    found = _sort_lists(answer, LISTS[kind])
    if kind == "mysql":
        found = _sort_points_of_models(answer) or found
    if history is not None:
        answer = {"metrics": _with_sorted_ties(history)} | answer
        found = found or kind == "postgresql"
    if not found:
        return text
    layout = {"indent": 2} if text.startswith("{\n") else {"separators": (",", ":")}
    return json.dumps(answer, **layout) + ("\n" if text.endswith("\n") else "")


def sorted_lists(value, kind):
    """The same for what a client's program made of an answer (call_recorder.py)."""
    copy = json.loads(json.dumps(value))
    _sort_lists(copy, LISTS.get(kind, set()))
    if kind == "postgresql" and value["call"] == "get_latest_versions" and "result" in value:
        copy["result"].sort(key=lambda version: version["current_stage"])
    return copy


def _with_sorted_ties(history):
    def instant(point):
        return point.get("timestamp"), point.get("step")

    return [point for _, points in itertools.groupby(history, key=instant)
            for point in sorted(points, key=json.dumps)]


def _sort_points_of_models(value):
    """Points of one instant that several runs logged for a logged model come by the runs' random ids."""
    if isinstance(value, list):
        return any([_sort_points_of_models(item) for item in value])
    if not isinstance(value, dict):
        return False
    found = any([_sort_points_of_models(item) for item in value.values()])
    points = value.get("metrics")
    if isinstance(points, list) and any(ID.fullmatch(point.get("run_id", "")) for point in points):
        value["metrics"] = [
            point for _, tied in itertools.groupby(points, key=lambda p: (p["key"], p["timestamp"], p["step"]))
            for point in sorted(tied, key=lambda item: ID.sub("", json.dumps(item, sort_keys=True)))]
        found = True
    return found


def _sort_lists(value, names):
    """Whether there was one."""
    if isinstance(value, list):
        return any([_sort_lists(item, names) for item in value])
    if not isinstance(value, dict):
        return False
    found = any([_sort_lists(item, names) for item in value.values()])
    for name in value.keys() & names:
        if isinstance(value[name], list):
            value[name].sort(key=lambda item: ID.sub("", json.dumps(item, sort_keys=True)))
            found = True
    return found
