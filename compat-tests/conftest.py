"""Fixtures of all tests here: a running Millrace, a running MLflow, the stock client."""

import os
from contextlib import nullcontext

# Before anything imports mlflow: no answer may depend on the settings of who runs the tests, and a
# wrong answer must fail at once instead of being asked for again for minutes.
for _name in [name for name in os.environ if name.startswith("MLFLOW_")]:
    del os.environ[_name]
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ["MLFLOW_LOGGING_LEVEL"] = "WARNING"

import pytest  # noqa: E402

from support.database_servers import KINDS  # noqa: E402
from support.databases import Databases  # noqa: E402
from support.millrace_server import MillraceServer, WarmMlflowServer  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--database", choices=[*KINDS], help="run the tests that take their databases from the fixture "
                     "`databases`, and only those, on a throwaway server of this kind instead of on SQLite")


def pytest_configure(config):
    config.addinivalue_line("markers", "sqlite: is about SQLite alone, or takes a database that makes no difference")
    # The stock client calls stages deprecated at every use; they are what is tested here.
    config.addinivalue_line("filterwarnings", "ignore::FutureWarning")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--database"):
        chosen = [item for item in items
                  if "databases" in item.fixturenames and not item.get_closest_marker("sqlite")]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


# Statistics change PostgreSQL's plans, and with them the order of lists that MLflow asks for in no order: none are to come
# between the answers of two servers.
SETTINGS = {"postgresql": ["autovacuum=off"], "pgbouncer": ["autovacuum=off"]}


@pytest.fixture(scope="session")
def databases(request, tmp_path_factory):
    """Databases of the kind that --database names, or SQLite's."""
    kind = request.config.getoption("--database")
    with KINDS[kind](*SETTINGS.get(kind, ())) if kind else nullcontext() as server:
        yield Databases(tmp_path_factory.mktemp("databases"), server)


@pytest.fixture(scope="module")
def millrace(tmp_path_factory, databases):
    """Millrace on an empty folder and a new database, shared by the tests of a module."""
    with MillraceServer(tmp_path_factory.mktemp("millrace"), store_uri=databases.new()) as server:
        yield server


@pytest.fixture(scope="module")
def mlflow_server(tmp_path_factory, databases):
    """The real `mlflow server` on the same; it takes many seconds to start."""
    with WarmMlflowServer(tmp_path_factory.mktemp("mlflow"), store_uri=databases.new()) as server:
        yield server


@pytest.fixture(params=["millrace", "mlflow_server"])
def either_server(request, databases):
    """Millrace and then the real MLflow: what a test asserts is shown to be true of both."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def client(either_server, monkeypatch):
    """The stock client, told where the server is by the environment variable alone."""
    from mlflow.tracking import MlflowClient

    monkeypatch.setenv("MLFLOW_TRACKING_URI", either_server.url)
    return MlflowClient()
