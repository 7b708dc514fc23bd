"""The differential replay: every request of corpus/ answered as the recorded MLflow answered it.

Differences are allowed only by allowed_differences.yaml. scripts/record_transcripts records anew,
scripts/replay_live asks a real MLflow instead of its transcripts.
"""

from pathlib import Path

import pytest
from millrace_server import MillraceServer
from replay import compare, corpus, player, transcript

HERE = Path(__file__).resolve().parent
TOPICS = sorted((HERE / "corpus").glob("*.yaml"))
ALLOWED = compare.read_allowed(HERE / "allowed_differences.yaml")


def recorded(path):
    return transcript.read(HERE / "transcripts" / f"{path.stem}.jsonl")


@pytest.mark.parametrize("path", TOPICS, ids=lambda path: path.stem)
def test_answers_as_mlflow(path, tmp_path):
    topic = corpus.load(path)
    mlflow = recorded(path)
    with MillraceServer(tmp_path, *topic.server) as server:
        millrace = player.play(topic, server, expected=mlflow)
    report = compare.compare(topic.name, mlflow, millrace, ALLOWED)
    if report.faults:
        pytest.fail(f"{len(report.faults)} of {report.requests} requests:\n"
                    + "\n".join(report.faults), pytrace=False)


def test_corpus_is_large_and_half_of_it_bad():
    answers = [one for path in TOPICS for one in recorded(path)]
    refused = sum(one.status >= 400 for one in answers)
    assert len(answers) >= 1500
    assert refused >= len(answers) / 2


def test_every_transcript_has_its_topic():
    topics = {path.stem for path in (HERE / "corpus").rglob("*.yaml")}
    assert {path.stem for path in (HERE / "transcripts").glob("*.jsonl")} == topics


def test_every_allowed_difference_is_shown_by_a_request():
    names = [entry.name for entry in ALLOWED]
    assert len(names) == len(set(names))
    requests = {path.stem: {one.request for one in recorded(path)}
                for path in (HERE / "corpus").rglob("*.yaml")}
    for entry in ALLOWED:
        assert entry.reason and entry.shown_by, entry.name
        for topic, request in entry.shown_by.items():
            assert request in requests[topic], f"{entry.name}: no {request!r} in {topic}"
