"""Fixtures of all tests here: a running Millrace, a running MLflow, the stock client."""

import os

# Before anything imports mlflow: no answer may depend on the settings of who runs the tests, and a
# wrong answer must fail at once instead of being asked for again for minutes.
for _name in [name for name in os.environ if name.startswith("MLFLOW_")]:
    del os.environ[_name]
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ["MLFLOW_LOGGING_LEVEL"] = "WARNING"

import pytest  # noqa: E402

from millrace_server import MillraceServer, MlflowServer  # noqa: E402


def pytest_configure(config):
    # The stock client calls stages deprecated at every use; they are what is tested here.
    config.addinivalue_line("filterwarnings", "ignore::FutureWarning")


@pytest.fixture(scope="module")
def millrace(tmp_path_factory):
    """Millrace on an empty folder, shared by the tests of a module."""
    with MillraceServer(tmp_path_factory.mktemp("millrace")) as server:
        yield server


@pytest.fixture(scope="module")
def mlflow_server(tmp_path_factory):
    """The real `mlflow server` on an empty folder; it takes many seconds to start."""
    with MlflowServer(tmp_path_factory.mktemp("mlflow")) as server:
        yield server


@pytest.fixture(params=["millrace", "mlflow_server"])
def either_server(request):
    """Millrace and then the real MLflow: what a test asserts is shown to be true of both."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def client(either_server, monkeypatch):
    """The stock client, told where the server is by the environment variable alone."""
    from mlflow.tracking import MlflowClient

    monkeypatch.setenv("MLFLOW_TRACKING_URI", either_server.url)
    return MlflowClient()
