"""store/search against the code whose search languages it reproduces: MLflow's search utilities on
the sqlparse beside them, and its SqlAlchemyStore for the rows that a search returns."""

import re

import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.search_utils import SearchModelUtils, SearchModelVersionUtils

from search_cases import filters, orders
from search_cross_check import ask

# A Python literal that only Python's compiler can tell from an ill-formed one.
OTHER_LITERAL = re.compile(r"got (different type in list|empty list)")
ILL_FORMED = "got ill-formed list."


def comparable(message):
    """Sets are printed in any order."""
    return re.sub(r"\{('[^{}]*')\}", lambda found: str(sorted(found[1].split(", "))), message)


def expected(function, *arguments):
    """What MLflow returns or answers; "crash" where it answers its HTML page."""
    try:
        return "ok", function(*arguments)
    except MlflowException as error:
        return error.error_code, comparable(error.message)
    except Exception:
        return "crash", None


def words_of_filter(parsed):
    words = []
    for comparison in parsed:
        value = comparison["value"]
        words += [comparison["type"], comparison["key"], comparison["comparator"]]
        if isinstance(value, tuple):
            words += ["list", str(len(value)), *value]
        else:
            name = {str: "text", int: "int", float: "float"}[type(value)]
            words += [name, "1", repr(value) if name == "float" else str(value)]
    return words


def words_of_order(clauses):
    """SQLAlchemy's ORDER BY clauses."""
    words = []
    for clause in clauses:
        words += [clause.element.key, "desc" if clause.modifier.__name__ == "desc_op" else "asc"]
    return words


def same(mine, theirs):
    if theirs[0] == "crash":
        return mine[0] == "INVALID_PARAMETER_VALUE"
    if mine[0] == "ok" or theirs[0] == "ok":
        return mine == theirs
    return mine[0] == theirs[0] and comparable(mine[1]) == theirs[1]


def differences(what, inputs, parse, words):
    wrong = []
    for arguments, mine in zip(inputs, ask(what, inputs), strict=True):
        theirs = expected(parse, arguments)
        if theirs[0] == "ok":
            theirs = ("ok", words(theirs[1]))
        if not same(mine, theirs):
            wrong.append((arguments, mine, theirs))
    return wrong


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
