"""Compares Millrace's exchanges with MLflow's, and knows the list of allowed differences."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from replay import masks
from replay.player import Exchange


@dataclass
class Difference:
    number: int  # of the request in its topic, from 1
    request: str
    mlflow: Exchange
    millrace: Exchange

    def __str__(self):
        lines = [f"[{self.number}] {self.request}"]
        for name, theirs, ours in _differing_parts(self.mlflow, self.millrace):
            lines += [f"    {name}", f"      mlflow   {theirs}", f"      millrace {ours}"]
        return "\n".join(lines)


@dataclass
class Allowed:
    """One entry of allowed_differences.yaml: a class of differences.

    mlflow, millrace: patterns, searched in `<status> <content-type>` + newline + body.
    shown_by: topic -> request, the case that proves that the entry is needed.
    hole: MLflow's success is itself the fault, so that refusing is right.
    """

    name: str
    reason: str
    request: str
    mlflow: str
    millrace: str
    shown_by: dict
    hole: bool = False

    def covers(self, difference):
        return (re.search(self.request, difference.request, re.DOTALL) is not None
                and re.search(self.mlflow, _text(difference.mlflow), re.DOTALL) is not None
                and re.search(self.millrace, _text(difference.millrace), re.DOTALL) is not None)


@dataclass
class Report:
    """What the comparison of one topic found."""

    topic: str
    requests: int
    faults: list  # texts; empty when Millrace answers as it should
    allowed: list  # (class, Difference)


def read_allowed(path):
    entries = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or []
    return [Allowed(entry["class"], entry["reason"], entry.get("request", ""), entry["mlflow"],
                    entry["millrace"], entry["shown_by"], entry.get("hole", False))
            for entry in entries]


def compare(topic, mlflow, millrace, allowed):
    """The report of a topic: both servers' exchanges in order, and all allowed differences."""
    report = Report(topic, len(mlflow), [], [])
    for difference in _differences(mlflow, millrace):
        entry = next((one for one in allowed if one.covers(difference)), None)
        if entry is None:
            report.faults.append(str(difference))
        elif _loses_success(difference) and not entry.hole:
            report.faults.append(f"{difference}\n    allowed ({entry.name}), but MLflow succeeds")
        else:
            report.allowed.append((entry.name, difference))
    report.faults += _not_needed(topic, report.allowed, allowed)
    return report


def _differences(mlflow, millrace):
    if [one.request for one in mlflow] != [one.request for one in millrace]:
        raise ValueError("other requests than recorded: run scripts/record_transcripts")
    for number, (theirs, ours) in enumerate(zip(mlflow, millrace), start=1):
        if list(_differing_parts(theirs, ours)):
            yield Difference(number, theirs.request, theirs, ours)


def _differing_parts(mlflow, millrace):
    if mlflow.status != millrace.status:
        yield "status", mlflow.status, millrace.status
    for name in sorted(mlflow.headers.keys() | millrace.headers.keys()):
        if mlflow.headers.get(name) != millrace.headers.get(name):
            yield name, mlflow.headers.get(name), millrace.headers.get(name)
    if not masks.same_text(mlflow.body, millrace.body):
        yield "body", mlflow.body, millrace.body
    if mlflow.fault != millrace.fault:
        yield "fault", mlflow.fault, millrace.fault


def _text(exchange):
    return f"{exchange.status} {exchange.headers.get('content-type', '')}\n{exchange.body}"


def _loses_success(difference):
    return difference.mlflow.status // 100 == 2 and difference.millrace.status // 100 != 2


def _not_needed(topic, used, allowed):
    for entry in allowed:
        if topic not in entry.shown_by:
            continue
        request = entry.shown_by[topic]
        if not any(name == entry.name and request == one.request for name, one in used):
            yield f"allowed ({entry.name}), but not needed: nothing differs so at {request}"
