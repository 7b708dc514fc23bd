"""Runs the json_cross_check program, which says what Millrace's text and JSON code makes of a value."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).parent.parent


def program():
    """JSON_CROSS_CHECK names a build's program; without it the release build is taken."""
    default = ROOT / "build" / "release" / "json_cross_check"
    path = pathlib.Path(os.environ.get("JSON_CROSS_CHECK", default))
    assert path.is_file(), f"{path} is missing: build the target json_cross_check first"
    return path


def ask(operation, inputs):
    """The results (bytes, or None for an error) of one operation on a list of bytes."""
    lines = "".join(f"{operation} {data.hex()}\n" for data in inputs)
    output = subprocess.run(
        [program()], input=lines, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len(output) == len(inputs)
    return [None if line == "-" else bytes.fromhex(line) for line in output]


def utf8(text):
    return text.encode("utf-8", "surrogatepass")


def differences(operation, values, encode, expected):
    """(value, Millrace's bytes, Python's) wherever the two differ; at most ten."""
    answers = ask(operation, [encode(value) for value in values])
    pairs = zip(values, answers, map(expected, values), strict=True)
    return [triple for triple in pairs if triple[1] != triple[2]][:10]
