"""Databases for the servers under test: SQLite's files, or databases of one server of database_servers.py."""

import sqlite3
import subprocess
from contextlib import closing, contextmanager

import sqlalchemy

from support.catalogs import read_catalog
from support.millrace_server import BINARY, environment


def engine_of(uri):
    """Without a pool: nothing stays connected."""
    return sqlalchemy.create_engine(uri, poolclass=sqlalchemy.pool.NullPool)


class Databases:
    """Databases of one kind, each named by the URI that `--backend-store-uri` takes."""

    def __init__(self, folder, server=None):
        """`server`: a running one; else the databases are files in the folder."""
        self.folder, self.server = folder, server
        self.kind = server.kind if server else "sqlite"
        self.made = 0

    def empty(self):
        self.made += 1
        return self.server.create_database() if self.server else f"sqlite:///{self.folder}/{self.made}.db"

    def new(self):
        """A database for any server's first start.

        On a database server it has MLflow's schema, as Millrace makes it in a second: MLflow's migrations take half a
        minute on MariaDB. test_schema.py shows that the outcome is the same.
        """
        uri = self.empty()
        if self.server:
            subprocess.run([BINARY, "db", "upgrade", uri], check=True, stdout=subprocess.DEVNULL, env=environment())
        return uri

    def copy(self, uri):
        """Another database with all that is in one that nobody uses at the moment."""
        if self.kind == "sqlite":
            target = self.empty()
            with (closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as source,
                  closing(sqlite3.connect(target.removeprefix("sqlite:///"))) as copied):
                source.backup(copied)
            return target
        if self.kind == "postgresql":
            return self.server.create_database(f"TEMPLATE {sqlalchemy.make_url(uri).database}")
        target, names = self.new(), self.tables(uri)
        with engine_of(target).begin() as connection:
            connection.execute(sqlalchemy.text("SET FOREIGN_KEY_CHECKS = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'"))
            for name in names:
                connection.execute(sqlalchemy.text(f"DELETE FROM {name}"))
                source = f"{sqlalchemy.make_url(uri).database}.{name}"
                connection.execute(sqlalchemy.text(f"INSERT INTO {name} SELECT * FROM {source}"))
        return target

    def tables(self, uri):
        """The names of MLflow's."""
        return [name for name in sqlalchemy.inspect(engine_of(uri)).get_table_names() if not name.startswith("millrace_")]

    def rows(self, uri):
        """The rows of MLflow's tables by their names, in an order that does not depend on that of the database."""
        names = self.tables(uri)
        with engine_of(uri).begin() as connection:
            return {name: sorted(repr(tuple(row)) for row in connection.execute(sqlalchemy.text(f"SELECT * FROM {name}")))
                    for name in names}

    def run(self, uri, sql, **values):
        """Runs a statement, committed, with values for its `:names`; returns its rows."""
        with engine_of(uri).begin() as connection:
            result = connection.execute(sqlalchemy.text(sql), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    @contextmanager
    def snapshot(self, uri):
        """Yields `rows(sql)`; all its answers show the database as it was at the first.

        The session of a server that was killed may still commit what it had been sent.
        """
        with engine_of(uri).connect() as connection:
            if self.server:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            yield lambda sql: [tuple(row) for row in connection.execute(sqlalchemy.text(sql))]

    def catalog(self, uri):
        return read_catalog(self.server, uri)
