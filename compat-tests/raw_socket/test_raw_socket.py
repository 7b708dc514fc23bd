"""Requests byte for byte, against what the real server was seen to do (raw_socket/observed.json)."""

import json
from pathlib import Path

import pytest

from raw_socket.cases import all_cases
from raw_socket.differences import expected_difference, listed_names
from raw_socket.exchange import outcome
from support.tls import TlsServer

CASES = all_cases()
OBSERVED = json.loads((Path(__file__).parent / "observed.json").read_text())


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory):
    with TlsServer(tmp_path_factory.mktemp("tls")) as server:
        yield server


def expected_outcome(name):
    return expected_difference(name, OBSERVED) or OBSERVED[name]


@pytest.mark.parametrize("name", CASES)
def test_answers_as_the_real_server(name, millrace):
    assert outcome(CASES[name], millrace.host, millrace.port) == expected_outcome(name)


@pytest.mark.parametrize("name", CASES)
def test_answers_over_tls_as_without(name, tls_server):
    expected = json.loads(json.dumps(expected_outcome(name)).replace('"location": "http:', '"location": "https:'))
    assert outcome(CASES[name], tls_server.host, tls_server.port, tls_server.tls) == expected


def test_everything_is_recorded():
    assert OBSERVED.keys() == CASES.keys()


@pytest.mark.parametrize("name", listed_names())
def test_a_listed_difference_is_one(name):
    assert expected_difference(name, OBSERVED) != OBSERVED[name]
