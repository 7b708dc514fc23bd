"""Requests byte for byte, against what the real server was seen to do (raw_socket/observed.json)."""

import json
from pathlib import Path

import pytest

from raw_socket.cases import all_cases
from raw_socket.differences import expected_difference, listed_names
from raw_socket.exchange import outcome

CASES = all_cases()
OBSERVED = json.loads((Path(__file__).parent / "observed.json").read_text())


@pytest.mark.parametrize("name", CASES)
def test_answers_as_the_real_server(name, millrace):
    expected = expected_difference(name, OBSERVED) or OBSERVED[name]
    assert outcome(CASES[name], millrace.host, millrace.port) == expected


def test_everything_is_recorded():
    assert OBSERVED.keys() == CASES.keys()


@pytest.mark.parametrize("name", listed_names())
def test_a_listed_difference_is_one(name):
    assert expected_difference(name, OBSERVED) != OBSERVED[name]
