"""A page as long as MLflow allows: complete, in order, and not held in memory. Plans: store/suites/search_plans_test.cpp."""

import json
from pathlib import Path
from urllib.parse import quote

from support import large_registry
import pytest
from support.millrace_server import MillraceServer

MODELS, PROMPTS, VERSIONS = 2_000, 100, 10
SEARCH = "/api/2.0/mlflow/model-versions/search"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    large_registry.make(folder, models=MODELS, prompts=PROMPTS, versions=VERSIONS)
    with MillraceServer(folder) as running:
        yield running


def search(server, **parameters):
    """The answer's JSON and its size."""
    query = "&".join(f"{key}={quote(str(value))}" for key, value in parameters.items())
    status, _, body = server.get(f"{SEARCH}?{query}")
    assert status == 200, body
    return json.loads(body), len(body)


def walk(server, max_results):
    page, _ = search(server, max_results=max_results)
    versions = page["model_versions"]
    while token := page.get("next_page_token"):
        page, _ = search(server, max_results=max_results, page_token=token)
        versions += page["model_versions"]
    return versions


def peak_bytes(server):
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_the_default_page_is_all_that_a_walk_finds(server):
    search(server, max_results=1000)  # what a server of any size needs
    before = peak_bytes(server)
    page, size = search(server)
    grown = peak_bytes(server) - before
    assert "next_page_token" not in page
    versions = page["model_versions"]
    assert len(versions) == MODELS * VERSIONS
    assert size > 10 << 20
    assert grown < size / 4, "the page was held in memory"

    order = [(-version["last_updated_timestamp"], version["name"], -int(version["version"])) for version in versions]
    assert order == sorted(order)
    assert walk(server, 700) == versions
