"""SQL beside a server's back: the steps `sql` and `select` of a topic, on each kind of database.

They are written in the SQL that all three understand, "key" in quotes, || for concatenation.
`ORDER BY rowid`, the order of insertion, is SQLite's alone: elsewhere the rows come in any order.
"""

import decimal
import re
import sqlite3
from contextlib import closing
from urllib.parse import unquote, urlsplit

INSERTION_ORDER = re.compile(r" ORDER BY (\w+\.)?rowid$")


def run(uri, script):
    """Runs the statements of a script and commits."""
    with closing(_connect(uri)) as connection:
        if isinstance(connection, sqlite3.Connection):
            connection.executescript("PRAGMA foreign_keys = ON;\n" + script)
        else:
            _run_on_server(connection, uri, script)
        connection.commit()


def rows(uri, query):
    """The rows of a query as lists of what JSON has, and whether their order means something."""
    with closing(_connect(uri)) as connection:
        if isinstance(connection, sqlite3.Connection):
            return [list(row) for row in connection.execute(query)], True
        cursor = connection.cursor()
        cursor.execute(INSERTION_ORDER.sub("", query))
        found = [[_plain(value) for value in row] for row in cursor.fetchall()]
    return found, INSERTION_ORDER.search(query) is None


def _run_on_server(connection, uri, script):
    cursor = connection.cursor()
    cursor.execute(script)
    while uri.startswith("mysql") and cursor.nextset():
        pass
    if uri.startswith("postgresql"):
        # Elsewhere the next experiment follows the ones that were inserted with their ids.
        cursor.execute(
            "SELECT setval('experiments_experiment_id_seq', last) "
            "FROM (SELECT max(experiment_id) AS last FROM experiments) AS inserted "
            "WHERE last > (SELECT last_value FROM experiments_experiment_id_seq)")


def _connect(uri):
    if uri.startswith("sqlite:///"):
        return sqlite3.connect(uri.removeprefix("sqlite:///"), timeout=30)
    parts = urlsplit(uri)
    address = {"host": parts.hostname, "port": parts.port, "user": parts.username,
               "password": unquote(parts.password), "database": parts.path[1:]}
    if uri.startswith("postgresql"):
        import psycopg2

        return psycopg2.connect(**address)
    import pymysql

    return pymysql.connect(**address, sql_mode="ANSI,STRICT_TRANS_TABLES,NO_AUTO_VALUE_ON_ZERO",
                           client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)


def _plain(value):
    return float(value) if isinstance(value, decimal.Decimal) else value
