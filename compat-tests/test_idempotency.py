"""A header Idempotency-Key: a write that comes again under its key is not carried out again."""

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.millrace_server import MillraceServer

API = "/api/2.0/mlflow"
VERSION = {"name": "named", "source": "s3://bucket/named"}


def ask(server, path, body, key, method="POST"):
    """Status, whether the reply is an earlier one, and the reply as it came."""
    headers = {"Content-Type": "application/json"} | ({} if key is None else {"Idempotency-Key": key})
    request = urllib.request.Request(server.url + API + path, json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers["idempotency-replayed"] == "true", answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers["idempotency-replayed"] == "true", answer.read()


def versions(server, name):
    return len(json.loads(server.get(f"{API}/model-versions/search?filter=name%3D%27{name}%27")[2]).get("model_versions", []))


@pytest.fixture
def named(millrace):
    ask(millrace, "/registered-models/create", {"name": "named"}, None)
    before = versions(millrace, "named")
    return lambda: versions(millrace, "named") - before


def test_a_repetition_has_the_first_reply(millrace, named):
    first = ask(millrace, "/model-versions/create", {**VERSION, "description": "Größe ✓ 🏠"}, "a repetition")
    again = ask(millrace, "/model-versions/create", {**VERSION, "description": "Größe ✓ 🏠"}, "a repetition")
    assert first[:2] == (200, False)
    assert again == (200, True, first[2])
    assert named() == 1


def test_without_a_key_all_are_carried_out(millrace, named):
    for _ in range(2):
        assert ask(millrace, "/model-versions/create", VERSION, None)[:2] == (200, False)
    assert named() == 2


def test_a_key_names_one_request(millrace, named):
    assert ask(millrace, "/model-versions/create", VERSION, "one request")[0] == 200
    status, replayed, reply = ask(millrace, "/model-versions/create", {**VERSION, "description": "other"}, "one request")
    assert (status, replayed) == (400, False)
    assert "Idempotency-Key has the key of another request" in json.loads(reply)["message"]
    assert ask(millrace, "/registered-models/update", VERSION, "one request", "PATCH")[0] == 400
    assert named() == 1


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_of_another_length_is_refused(millrace, named, key):
    status, _, reply = ask(millrace, "/model-versions/create", VERSION, key)
    assert status == 400 and "1 to 255 characters" in json.loads(reply)["message"]
    assert named() == 0


def test_a_refusal_is_not_kept(millrace):
    version = {"name": "refused first", "source": "s3://bucket/x"}
    assert ask(millrace, "/model-versions/create", version, "a refusal")[0] == 404
    assert ask(millrace, "/registered-models/create", {"name": "refused first"}, None)[0] == 200
    assert ask(millrace, "/model-versions/create", version, "a refusal")[:2] == (200, False)
    assert ask(millrace, "/model-versions/create", version, "a refusal")[:2] == (200, True)


def test_a_long_reply_comes_again_whole(millrace):
    tags = [{"key": f"key {number}", "value": "é" * 200} for number in range(900)]
    first = ask(millrace, "/registered-models/create", {"name": "long", "tags": tags}, "a long reply")
    assert first[0] == 200 and len(first[2]) > 300_000
    assert ask(millrace, "/registered-models/create", {"name": "long", "tags": tags}, "a long reply") == (200, True, first[2])


def test_of_runs_and_their_data(millrace):
    run = {"experiment_id": "0", "start_time": 1, "run_name": "named"}
    first = ask(millrace, "/runs/create", run, "a run")
    assert ask(millrace, "/runs/create", run, "a run") == (200, True, first[2])
    run_id = json.loads(first[2])["run"]["info"]["run_id"]
    batch = {"run_id": run_id, "metrics": [{"key": "m", "value": 1, "timestamp": n, "step": n} for n in range(900)],
             "params": [{"key": "p", "value": "1"}]}
    assert [ask(millrace, "/runs/log-batch", batch, "a batch")[:2] for _ in range(2)] == [(200, False), (200, True)]
    history = json.loads(millrace.get(f"{API}/metrics/get-history?run_id={run_id}&metric_key=m")[2])
    assert len(history["metrics"]) == 900


def test_of_many_at_once_on_two_replicas_one_is_carried_out(millrace, named, tmp_path):
    with MillraceServer(tmp_path, store_uri=millrace.store_uri) as other, ThreadPoolExecutor(12) as pool:
        for number in range(10):
            key = f"at once {number}"
            answers = list(pool.map(lambda server: ask(server, "/model-versions/create", VERSION, key),
                                    [millrace, other] * 6))
            assert {status for status, _, _ in answers} == {200}
            assert len({reply for _, _, reply in answers}) == 1
            assert sorted(replayed for _, replayed, _ in answers) == [False] + [True] * 11
    assert named() == 10


def test_a_killed_server_has_kept_it(databases, tmp_path):
    server = MillraceServer(tmp_path, store_uri=databases.new())
    server.start()
    try:
        ask(server, "/registered-models/create", {"name": "named"}, None)
        first = ask(server, "/model-versions/create", VERSION, "before the end")
        server.kill()
        server.start()
        assert ask(server, "/model-versions/create", VERSION, "before the end") == (200, True, first[2])
        assert versions(server, "named") == 1
    finally:
        server.stop()
