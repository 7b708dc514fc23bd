"""The search language of experiments against MLflow's search utilities, and the rows that a search
returns against its SqlAlchemyStore."""

import itertools
import random
import re
import sqlite3

import pytest
from mlflow.entities import ExperimentTag, ViewType
from mlflow.store.tracking.sqlalchemy_store import (
    SqlAlchemyStore,
    _get_search_experiments_filter_clauses,
    _get_search_experiments_order_by_clauses,
)
from mlflow.utils.search_utils import SearchExperimentsUtils, SearchUtils

from support.search_cases import DIRECTIONS, JOINERS, OPERATORS, VALUES, WHOLE, mutated
from support.search_comparison import database_copy, differences, differing_rows, expected, run, words_of_filter, words_of_order
from support.search_cross_check import ask

KEYS = ["name", "Name", "experiment_id", "creation_time", "last_update_time", "last_updated_time", "lifecycle_stage",
        "artifact_location", "attribute.name", "attributes.name", "attr.name", "`attribute`.name", "attribute.`name`",
        'attribute."experiment_id"', "`name`", '"name"', "'name'", '"creation_time"', "attribute.creation_time",
        "tags.t", "tag.t", "Tags.t", "tags.`a b`", "tags.'a.b'", 'tags."a-b"', "tags.a.b", "tags.é", "tags.", "tags",
        "params.p", "metrics.m", "experiment.name", "order", "timestamp", "tags.order", "5", "x.y"]
ORDER_KEYS = ["name", "experiment_id", "creation_time", "last_update_time", "`name`", '"name"', "'name'", "attribute.name",
              "attribute.`creation_time`", "attributes.name", "tags.t", "tag.name", "tags.`a b`", "timestamp",
              "lifecycle_stage", "Name", "5", "", "order", "\\", "'", "`", "é", "experiment.name", "attribute."]
NAMES = ["a", "A", "ab", "aB", "a_b", "a%b", "a'b", 'a"b', "é", "É", "zz", "x y", "100%"]
TAG_KEYS = ["team", "Team", "a b", "a.b"]
TEXTS = ["x", "X", "xy", "", "é", "%", "x'y"]


def filters(seed, count):
    source = random.Random(seed)
    result = list(WHOLE)
    result += [f"{key} {op} {value}" for key, op, value in itertools.product(KEYS, OPERATORS, ["'x'", "1", "('1')"])]
    result += [f"{key} {op}" for key, op in itertools.product(KEYS, ["IS NULL", "is not null", "IS", "= NULL"])]
    result += [f"{key} {op} {value}" for key, op, value in itertools.product(
        ["name", "experiment_id", "creation_time", "tags.t"], ["=", "LIKE", "IN", "in", "NOT IN", "<"], VALUES)]
    for _ in range(count):
        parts = []
        for _ in range(source.choice([1, 1, 2, 2, 3, 5])):
            parts.append(source.choice(KEYS) + source.choice(["", " ", " ", "\n"]) + source.choice(OPERATORS)
                         + source.choice(["", " "]) + source.choice(VALUES))
            parts.append(source.choice(JOINERS) if source.random() < 0.4 else " AND ")
        text = "".join(parts[:-1])
        result.append(mutated(source, text) if source.random() < 0.5 else text)
    return result


def orders(seed, count):
    source = random.Random(seed)
    items = [word + direction for word, direction in itertools.product(ORDER_KEYS, DIRECTIONS)]
    good = ["name", "creation_time DESC", "experiment_id", "last_update_time desc", "attribute.name"]
    result = [[item] for item in items] + [list(pair) for pair in itertools.product(good, repeat=2)]
    for _ in range(count):
        item = source.choice(items)
        result.append([source.choice(good)] * (source.random() < 0.3) + [mutated(source, item)])
    return result


def parse_search(arguments):
    text, *items = arguments
    parsed = SearchExperimentsUtils.parse_search_filter(text)
    for comparison in parsed:
        values = comparison["value"] if isinstance(comparison["value"], tuple) else [comparison["value"]]
        if comparison["key"] == "experiment_id" and any(re.fullmatch(r"\s*[-+]?\d{19,}\s*", str(value)) for value in values):
            raise OverflowError  # what MLflow's driver makes of it later on
    _get_search_experiments_filter_clauses(parsed, "sqlite")
    return _get_search_experiments_order_by_clauses(items)


def test_filters():
    inputs = [[text] for text in filters(seed=3, count=5000)]
    wrong = differences("exp_filter", inputs, lambda one: SearchExperimentsUtils.parse_search_filter(one[0]), words_of_filter)
    assert wrong[:5] == []


def test_operators():
    assert differences("exp_search", [[text] for text in filters(seed=4, count=5000)], parse_search, words_of_order)[:5] == []


def words_of_first(clauses):
    """A column that is named again orders nothing more, and Millrace leaves it out."""
    words = words_of_order(clauses)
    firsts = {}
    for column, direction in zip(*[iter(words)] * 2, strict=True):
        firsts.setdefault(column, direction)
    return [word for pair in firsts.items() for word in pair]


def test_orders():
    inputs = [["", *items] for items in orders(seed=5, count=2000)]
    assert differences("exp_search", inputs, parse_search, words_of_first)[:5] == []


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tracking")
    made = SqlAlchemyStore(f"sqlite:///{folder}/tracking.db", "mlflow-artifacts:/")
    source = random.Random(7)
    for name in NAMES + [f"experiment-{number:02}" for number in range(40)]:
        tags = [ExperimentTag(key, source.choice(TEXTS)) for key in TAG_KEYS if source.random() < 0.4]
        experiment = made.create_experiment(name, tags=tags)
        if source.random() < 0.2:
            made.delete_experiment(experiment)
    with sqlite3.connect(f"{folder}/tracking.db") as database:
        database.execute("UPDATE experiments SET creation_time = 1000 + experiment_id / 3,"
                         " last_update_time = 2000 - experiment_id * 7 % 5")
        database.execute("UPDATE experiments SET creation_time = NULL WHERE experiment_id % 7 = 3")
        database.execute("UPDATE experiments SET last_update_time = NULL WHERE experiment_id % 5 = 2")
    return made


@pytest.fixture(params=["plain", "indexed"])
def connection(request, store, tmp_path):
    """A copy of the store's database, without Millrace's indexes and with them."""
    return database_copy(store, tmp_path, request.param == "indexed")


def quoted(text):
    return '"' + text + '"' if "'" in text else "'" + text + "'"


def searches(seed, count):
    """Filter, order_by, limit and offset."""
    source = random.Random(seed)
    items = [f"{key}{direction}" for key in ["name", "creation_time", "last_update_time", "experiment_id"]
             for direction in ["", " ASC", " DESC"]]
    for _ in range(count):
        clauses = []
        for _ in range(source.choice([0, 1, 1, 2, 3])):
            text = source.choice(NAMES + TEXTS)
            pattern = source.choice([text[:1] + "%", "%" + text[1:], "%", "_", text.upper(), "exp%-1_"])
            op, value = source.choice([("=", text), ("!=", text), ("LIKE", pattern), ("ILIKE", pattern)])
            number = source.randrange(60)
            clauses.append(source.choice([
                f"name {op} {quoted(value)}", f"tags.`{source.choice(TAG_KEYS)}` {op} {quoted(value)}",
                f"tags.`{source.choice(TAG_KEYS)}` {source.choice(['IS NULL', 'IS NOT NULL'])}",
                f"creation_time {source.choice(['=', '!=', '<', '>='])} {1000 + number // 3}",
                f"last_update_time {source.choice(['<=', '>'])} {1996 + number % 5}",
                f"experiment_id {source.choice(['=', '!='])} '{number}'",
                f"experiment_id {source.choice(['IN', 'NOT IN'])} ('{number}', '0{number + 1}', '3')",
            ]))
        yield " AND ".join(clauses), source.sample(items, source.choice([0, 0, 1, 2])), source.choice([1, 5, 100]), \
            source.choice([0, 0, 0, 2])


def rows_of_mlflow(store, search):
    text, order, limit, offset = search
    token = SearchUtils.create_page_token(offset) if offset else None
    return [(int(found.experiment_id),) for found in store.search_experiments(ViewType.ALL, limit, text, order, token)]


def test_rows(store, connection):
    cases = list(searches(5, 600))
    theirs = [expected(rows_of_mlflow, store, search) for search in cases]
    wrong, found = differing_rows("exp_query", cases, theirs, connection)
    assert wrong[:3] == []
    assert found > 2000


@pytest.mark.parametrize("condition", ["experiment_id != '1' ", "tags.k != 'x' ", "name != 'x' ", "tags.k IS NULL "])
def test_as_many_conditions_as_a_filter_can_have(connection, condition):
    """MLflow answers 503 from 64 tables on."""
    [answer] = ask("exp_query", [["sqlite", 10, 0, condition * 1200]])
    assert answer[0] == "ok"
    run(connection, answer[1])
