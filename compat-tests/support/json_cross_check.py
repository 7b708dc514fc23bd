"""Runs the json_cross_check program, which says what Millrace's text and JSON code makes of a value."""

import os
import pathlib
import random
import struct
import subprocess

ROOT = pathlib.Path(__file__).parent.parent.parent


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


def double_bits(value):
    return struct.pack(">d", value)


def doubles():
    """Over 200,000: random bit patterns, all powers of two, decimal fractions, whole numbers, edges."""
    source = random.Random(5)
    values = [struct.unpack(">d", source.randbytes(8))[0] for _ in range(100_000)]
    values += [
        sign * factor * 2.0**exponent
        for exponent in range(-1074, 1024) for factor in (1.0, 1.5) for sign in (1, -1)
    ]
    values += [
        float(f"{digits}e{exponent}")
        for exponent in range(-330, 310) for digits in ("1", "9.5", "1.2345678901234567")
    ]
    values += [
        source.randint(-10**17, 10**17) / 10 ** source.randint(0, 20) for _ in range(100_000)
    ]
    values += [float(source.randint(-2**54, 2**54)) for _ in range(10_000)]
    return values + [0.0, -0.0, float("inf"), float("-inf"), float("nan")]
