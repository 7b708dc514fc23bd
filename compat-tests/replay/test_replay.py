"""The differential replay: every request of corpus/ answered as the recorded MLflow answered it on
the same kind of database.

Differences are allowed only by allowed_differences.yaml. scripts/record_transcripts records anew,
scripts/replay_live asks a real MLflow instead of its transcripts.
"""

from pathlib import Path

import pytest
from support.database_servers import SERVERS
from support.millrace_server import MillraceServer
from replay import compare, corpus, player, transcript

HERE = Path(__file__).resolve().parent
TOPICS = sorted((HERE / "corpus").glob("*.yaml"))
ON_SERVERS = [path for path in TOPICS if corpus.needs_database(path.stem)]
ALLOWED = compare.read_allowed(HERE / "allowed_differences.yaml")


@pytest.mark.parametrize("path", [
    pytest.param(path, id=path.stem, marks=() if path in ON_SERVERS else pytest.mark.sqlite) for path in TOPICS])
def test_answers_as_mlflow(path, tmp_path, databases):
    topic, kind = corpus.load(path), databases.kind
    mlflow = transcript.read(topic.name, kind)
    with MillraceServer(tmp_path, *topic.server, store_uri=databases.empty()) as server:
        millrace = player.play(topic, server, expected=mlflow)
    report = compare.compare(topic.name if kind == "sqlite" else f"{kind}/{topic.name}", mlflow, millrace,
                             ALLOWED)
    if report.faults:
        pytest.fail(f"{len(report.faults)} of {report.requests} requests:\n"
                    + "\n".join(report.faults), pytrace=False)


def test_corpus_is_large_and_half_of_it_bad():
    answers = [one for path in TOPICS for one in transcript.read(path.stem)]
    refused = sum(one.status >= 400 for one in answers)
    assert len(answers) >= 1500
    assert refused >= len(answers) / 2


def test_every_transcript_has_its_topic():
    topics = {path.stem for path in (HERE / "corpus").rglob("*.yaml")}
    assert {path.stem for path in transcript.FOLDER.glob("*.jsonl")} == topics
    for kind in SERVERS:
        recorded = {path.stem for path in (transcript.FOLDER / kind).glob("*.jsonl")}
        assert recorded == {path.stem for path in ON_SERVERS}


def test_every_allowed_difference_is_shown_by_a_request():
    names = [entry.name for entry in ALLOWED]
    assert len(names) == len(set(names))
    for entry in ALLOWED:
        assert entry.reason and entry.shown_by, entry.name
        for shown, request in entry.shown_by.items():
            *kind, topic = shown.split("/")
            recorded = transcript.read(topic, *kind)
            assert request in {one.request for one in recorded}, f"{entry.name}: no {request!r} in {shown}"
