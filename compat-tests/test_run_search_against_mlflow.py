"""The search language of runs against MLflow's search utilities, and the rows that a search returns
against its SqlAlchemyStore."""

import re

import pytest
from mlflow.entities import ViewType
from mlflow.store.tracking.sqlalchemy_store import _get_orderby_clauses, _get_sqlalchemy_filter_clauses
from mlflow.utils.search_utils import SearchUtils
from sqlalchemy.orm import Session

from support.run_search_cases import fixed_run_searches, run_filters, run_orders, run_searches
from support.run_world import make_run_world
from support.search_comparison import database_copy, differences, differing_rows, expected, run
from support.search_cross_check import ask


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_run_world(tmp_path_factory.mktemp("tracking"))


def words_of_filter(parsed):
    words = []
    for comparison in parsed:
        value, kind = comparison["value"], comparison["type"]
        words += [kind, SearchUtils.translate_key_alias(comparison["key"]), comparison["comparator"].upper()]
        if kind == "metric":
            words += ["float", "1", repr(float(value))]
        elif isinstance(value, tuple):
            words += ["list", str(len(value)), *value]
        else:
            name = {str: "text", int: "int", float: "float", type(None): "text"}[type(value)]
            words += [name, "1", repr(value) if name == "float" else str(value or "") if name == "text" else str(value)]
    return words


def test_filters():
    """Operators are checked where MLflow builds its query."""

    def parse(one):
        parsed = SearchUtils.parse_search_filter(one[0])
        _get_sqlalchemy_filter_clauses(parsed, Session(), "sqlite")
        return parsed

    inputs = [[text] for text in run_filters(seed=3, count=2000)]
    assert differences("run_filter", inputs, parse, words_of_filter)[:5] == []


def test_orders():
    def parse(items):
        _get_orderby_clauses(items, Session())
        return [SearchUtils.parse_order_by_for_search_runs(item) for item in items]

    def words(parsed):
        return [word for kind, key, ascending in parsed
                for word in (kind, SearchUtils.translate_key_alias(key), "asc" if ascending else "desc")]

    assert differences("run_order", run_orders(seed=4, count=1000), parse, words)[:5] == []


@pytest.fixture(params=["plain", "indexed"])
def connection(request, world, tmp_path):
    """A copy of the store's database, without Millrace's indexes and with them."""
    return database_copy(world.store, tmp_path, request.param == "indexed")


def rows_of_mlflow(store, search):
    text, order, limit, offset = search
    token = SearchUtils.create_page_token(offset) if offset else None
    found = store.search_runs(["1", "2"], text, ViewType.ACTIVE_ONLY, limit, order, token)
    return [(found_run.info.run_id,) for found_run in found]


_theirs = []  # MLflow's answers serve both databases


def test_rows(world, connection):
    cases = fixed_run_searches() + list(run_searches(5, 1000, world))
    if not _theirs:
        _theirs.extend(expected(rows_of_mlflow, world.store, search) for search in cases)
    wrong, found = differing_rows("run_query", cases, _theirs, connection, driver_words=["BAD_REQUEST"])
    assert wrong[:3] == []
    assert found > 5000


@pytest.mark.parametrize("condition", ["run_id != 'x' ", "tags.k != 'x' ", "metrics.k = 1 ", "datasets.name = 'x' "])
def test_as_many_conditions_as_a_filter_can_have(connection, condition):
    """MLflow answers 503 from 64 tables on."""
    [answer] = ask("run_query", [["sqlite", 10, 0, condition * 1200]])
    assert answer[0] == "ok"
    run(connection, answer[1])


USUAL = ["", "metrics.loss < 0.5", "params.lr = '0.1'", "tags.team = 'x'", "status = 'FINISHED'", "run_name LIKE 'o%'",
         "run_id = 'x'", "run_id IN ('a', 'b')", "start_time > 5", "datasets.name = 'train'", "datasets.context = 'eval'",
         "params.lr IS NULL"]
USUAL_ORDERS = [[], ["metrics.loss DESC"], ["params.lr"], ["tags.team"], ["start_time"], ["end_time DESC"]]


@pytest.mark.parametrize("connection", ["indexed"], indirect=True)
def test_usual_searches_read_no_whole_table(connection):
    for text in USUAL:
        for order in USUAL_ORDERS:
            [answer] = ask("run_query", [["sqlite", 101, 0, text, *order]])
            steps = [row[3] for row in run(connection, answer[1], "EXPLAIN QUERY PLAN ")]
            assert [step for step in steps if re.match(r"SCAN \w", step)] == [], (text, order)
