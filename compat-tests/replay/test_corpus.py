"""The notation of the corpus: what a few lines expand to."""

import json

import yaml
from replay import corpus, variants


def expand(tmp_path, steps):
    path = tmp_path / "topic.yaml"
    path.write_text(yaml.safe_dump({"steps": steps}))
    return corpus.load(path).steps


def test_a_line_is_a_request(tmp_path):
    steps = expand(tmp_path, ["# comment\nPOST x/create {\"a\": 1} -> v=a.b w=c\nGET /raw?x=%zz\n"])
    assert (steps[0].method, steps[0].target) == ("POST", "/api/2.0/mlflow/x/create")
    assert (steps[0].body, steps[0].save) == ('{"a": 1}', {"v": "a.b", "w": "c"})
    assert (steps[1].target, steps[1].body) == ("/raw?x=%zz", None)


def test_each_repeats_for_every_combination(tmp_path):
    steps = expand(tmp_path, [{"each": {"a": ["1 2", "${x*3}"], "b": "p\nq"},
                               "do": "GET x?a=${a|q}&b=${b}&n=${n}"}])
    assert [one.target.split("?")[1] for one in steps] == [
        "a=1%202&b=p&n=1", "a=1%202&b=q&n=2", "a=xxx&b=p&n=3", "a=xxx&b=q&n=4"]


def test_a_name_given_by_nobody_waits_for_the_player(tmp_path):
    assert expand(tmp_path, ["GET x?token=${token}"])[0].target.endswith("token=${token}")


def test_fields_vary_one_at_a_time(tmp_path):
    steps = expand(tmp_path, [{"fields": "POST x", "good": {"a_b": "v", "tags": [{"key": "k"}]}}])
    bodies = [json.loads(one.body) for one in steps]
    assert {"a_b": "v", "tags": [{"key": "k"}]} in bodies
    assert {"tags": [{"key": "k"}]} in bodies
    assert {"a_b": None, "tags": [{"key": "k"}]} in bodies
    assert {"a_b": "v", "tags": [{"key": 5}]} in bodies
    assert {"a_b": "v", "tags": [{}]} in bodies
    assert {"aB": "v", "tags": [{"key": "k"}]} in bodies
    assert {"a_b": "v", "aB": "v", "tags": [{"key": "k"}]} in bodies


def test_queries_vary_too():
    queries = [query for _, query in variants.query_cases({"name": "m", "order_by": ["a", "b"]})]
    assert "name=m&order_by=a&order_by=b" in queries
    assert "order_by=a&order_by=b" in queries
    assert "name=m&order_by=a&order_by=b&name=second" in queries


def test_routes_take_every_method_and_wrong_paths(tmp_path):
    steps = expand(tmp_path, [{"routes": "GET a/b"}])
    sent = {(one.method, one.target) for one in steps}
    assert {("DELETE", "/api/2.0/mlflow/a/b"), ("GET", "/api/2.0/mlflow/a/b/"),
            ("GET", "/ajax-api/2.0/mlflow/a/b"), ("GET", "/api/2.0/mlflow//a/b")} <= sent
