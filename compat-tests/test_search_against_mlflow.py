"""store/search against the code whose search languages it reproduces: MLflow's search utilities on
the sqlparse beside them, and its SqlAlchemyStore for the rows that a search returns."""

import re

import pytest
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.search_utils import SearchModelUtils, SearchModelVersionUtils, SearchUtils

from support.search_cases import filters, orders
from support.search_comparison import (
    database_copy,
    differences,
    differing_rows,
    expected,
    run,
    words_of_filter,
    words_of_order,
)
from support.search_cross_check import ask
from support.search_world import IS_PROMPT, fixed_searches, make_store, searches


@pytest.mark.parametrize(
    ("what", "utilities"), [("rm_filter", SearchModelUtils), ("mv_filter", SearchModelVersionUtils)]
)
def test_filters(what, utilities):
    inputs = [[text] for text in filters(seed=3, count=6000)]
    wrong = differences(what, inputs, lambda one: utilities.parse_search_filter(one[0]), words_of_filter)
    assert wrong[:5] == []


@pytest.mark.parametrize(
    ("what", "parse"),
    [
        ("rm_order", SqlAlchemyStore._parse_search_registered_models_order_by),
        (
            "mv_order",
            lambda items: SqlAlchemyStore._parse_search_model_versions_order_by(
                items or ["last_updated_timestamp DESC", "name ASC", "version_number DESC"]
            ),
        ),
    ],
)
def test_orders(what, parse):
    assert differences(what, orders(seed=4, count=2000), parse, words_of_order)[:5] == []


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("registry"))


@pytest.fixture(params=["plain", "indexed"])
def connection(request, store, tmp_path):
    """A copy of the store's database, without Millrace's indexes and with them."""
    return database_copy(store, tmp_path, request.param == "indexed")


def rows_of_mlflow(store, versions, search):
    text, order, limit, offset = search
    find = store.search_model_versions if versions else store.search_registered_models
    token = SearchUtils.create_page_token(offset) if offset else None
    found = find(text, max_results=limit, order_by=order, page_token=token)
    return [(row.name, row.version) if versions else (row.name,) for row in found]


_theirs = {}  # MLflow's answers serve both databases


@pytest.mark.parametrize("versions", [False, True], ids=["models", "versions"])
def test_rows(store, connection, versions):
    cases = fixed_searches()[versions] + list(searches(5, 500, versions))
    if versions not in _theirs:
        _theirs[versions] = [expected(rows_of_mlflow, store, versions, search) for search in cases]
    what = "mv_query" if versions else "rm_query"
    wrong, found = differing_rows(what, cases, _theirs[versions], connection, driver_words=["BAD_REQUEST"])
    assert wrong[:3] == []
    assert found > 1000


@pytest.mark.parametrize("condition", ["name != 'x' ", "tags.k != 'x' ", "tags.k = 'x' ", "name LIKE '%' "])
def test_as_many_conditions_as_a_filter_can_have(connection, condition):
    """MLflow answers 503 from 1,000 on: SQLite bounds the depth of an expression."""
    for what in ("rm_query", "mv_query"):
        [answer] = ask(what, [["sqlite", 10, 0, condition * 1200]])
        assert answer[0] == "ok"
        run(connection, answer[1])


USUAL = {
    "rm_query": ["", "name = 'a'", "name LIKE 'model-%'", "tags.team = 'x'", f"tags.`{IS_PROMPT}` = 'true'"],
    "mv_query": ["", "name = 'a'", "name LIKE 'model-%'", "tags.team = 'x'", f"tags.`{IS_PROMPT}` = 'true'",
                 "name = 'a' AND tags.validation_status = 'passed'", "run_id = 'r1'"],
}


@pytest.mark.parametrize("connection", ["indexed"], indirect=True)
@pytest.mark.parametrize(("what", "text"), [(what, text) for what in USUAL for text in USUAL[what]])
def test_usual_searches_read_no_whole_table(connection, what, text):
    [answer] = ask(what, [["sqlite", 101, 0, text]])
    steps = [row[3] for row in run(connection, answer[1], "EXPLAIN QUERY PLAN ")]
    # A scan of a subquery is none of a table.
    scans = [step for step in steps if re.match(r"SCAN \w", step)]
    assert [step for step in scans if step.replace("SCAN", "CO-ROUTINE") not in steps] == []
    # All rows share the workspace: it alone finds nothing, and serves only to walk in order.
    walked = [step for step in steps if re.search(r"^SEARCH [mv] .*\(workspace=\?\)$", step)]
    assert not walked or "USE TEMP B-TREE FOR ORDER BY" not in steps or "UNION ALL" in " ".join(steps)
