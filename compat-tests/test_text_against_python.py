"""store/text against the Python whose str, int and float it reproduces: every code point."""

import random
import re
import sys

from support import json_cross_check
from support.json_cross_check import differences, double_bits, doubles, utf8

CODE_POINTS = [chr(c) for c in range(sys.maxunicode + 1)]


def test_this_python_is_the_reproduced_one():
    assert sys.version_info[:2] == (3, 11)


def compare_texts(operation, values, function):
    assert differences(operation, values, utf8, lambda text: utf8(function(text))) == []


def test_word_of_every_code_point():
    [flags] = json_cross_check.ask("word", [utf8("".join(CODE_POINTS))])
    word = re.compile(r"\w")
    wrong = [
        hex(ord(c)) for c, flag in zip(CODE_POINTS, flags, strict=True)
        if (flag == ord("1")) != bool(word.match(c))
    ]
    assert wrong == []


def test_lower_of_every_code_point():
    compare_texts("lower", CODE_POINTS, str.lower)


def test_final_sigma_beside_every_code_point():
    contexts = ("{}Σ", "A{}Σ", "AΣ{}", "AΣ{}A")
    compare_texts("lower", [x.format(c) for c in CODE_POINTS for x in contexts], str.lower)


def test_strip_of_every_code_point():
    compare_texts("strip", [f"{c}x{c}" for c in CODE_POINTS], str.strip)


def test_repr_of_every_code_point():
    compare_texts("repr", CODE_POINTS, repr)


def test_bytes_repr():
    values = [bytes([a, b]) for a in range(256) for b in b"'\"a"] + [bytes(range(256))]
    assert differences("bytes_repr", values, bytes, lambda data: repr(data).encode()) == []


def python_int(text):
    try:
        value = int(text)
    except ValueError:
        return None
    return f"{value}{'' if -2**63 <= value < 2**63 else '!'}".encode()


def test_int_of_every_code_point():
    assert differences("int", CODE_POINTS, utf8, python_int) == []
    values = [f"{c}1{c}" for c in CODE_POINTS]
    assert differences("int", values, utf8, python_int) == []


def test_int_of_random_text():
    source = random.Random(3)
    alphabet = "0123456789_+- \t\n\x1c\x00\u00a0\u0661\U0001d7ce.e"
    values = ["".join(source.choices(alphabet, k=source.randint(0, 9))) for _ in range(100_000)]
    values += [str(sign * 2**bits + offset) for bits in (31, 53, 63, 64, 100) for sign in (1, -1)
               for offset in (-1, 0, 1)]
    values += ["0" * 4300, "0" * 4301, "1" * 4300, "1" * 4301, "-" + "1" * 4300, "1_" * 4299 + "1"]
    assert differences("int", values, utf8, python_int) == []


def test_text_of_random_code_points():
    source = random.Random(4)
    alphabet = "'\"\\\n\x00\x7fΣσAa\u0301\u200d.\ud800\udfff\u2028\u00adİ\U0001f600\U00010400 \u3000"
    values = ["".join(source.choices(alphabet, k=source.randint(0, 12))) for _ in range(100_000)]
    compare_texts("lower", values, str.lower)
    compare_texts("repr", values, repr)
    compare_texts("strip", values, str.strip)
    compare_texts("length", values, lambda text: str(len(text)))


def test_float_repr():
    assert differences("float_repr", doubles(), double_bits, lambda value: repr(value).encode()) == []
