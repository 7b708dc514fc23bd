"""What the tests of the search languages share: answers of MLflow's code and of Millrace's, and how
they are compared. The program that Millrace's come from: search_cross_check.py."""

import re
import sqlite3

from mlflow.exceptions import MlflowException

from support.search_cross_check import ask


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
        elif value is not None:
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


def database_copy(store, folder, indexed):
    """A copy of the store's database, without Millrace's indexes or with them."""
    copy = sqlite3.connect(folder / "copy.db")
    with sqlite3.connect(store.db_uri.removeprefix("sqlite:///")) as original:
        original.backup(copy)
    copy.execute("PRAGMA case_sensitive_like = true")
    if indexed:
        for statement in ask("indexes", [[]])[0][1]:
            copy.execute(statement)
    return copy


def run(connection, words, prefix=""):
    sql, *values = words
    types = {"int": int, "float": float, "text": str}
    typed = [types[kind](value) for kind, value in zip(*[iter(values)] * 2)]
    return connection.execute(prefix + sql, {f"p{i}": value for i, value in enumerate(typed, 1)}).fetchall()


def differing_rows(what, cases, theirs, connection, driver_words=()):
    """The searches whose rows are others than MLflow's, and how many rows there were.

    cases: filter, order_by, limit and offset. driver_words: codes whose texts are the driver's own.
    """
    inputs = [["sqlite", limit, offset, text, *order] for text, order, limit, offset in cases]
    wrong, found = [], 0
    for search, mine, expected_rows in zip(cases, ask(what, inputs), theirs, strict=True):
        if mine[0] == "ok":
            mine = ("ok", run(connection, mine[1]))
            found += len(mine[1])
        if mine[0] in driver_words:
            mine, expected_rows = mine[:1], expected_rows[:1]
        if mine != expected_rows and not same(mine, expected_rows):
            wrong.append((search, mine, expected_rows))
    return wrong, found
