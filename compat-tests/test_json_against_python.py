"""api/json against Python's json module: what it accepts, what it makes of it, how it is written."""

import codecs
import json
import random
import struct

from support import json_cross_check
import pytest
from support.json_cross_check import differences, double_bits, doubles, utf8

# Texts that json.loads takes or refuses for a reason of their own; each is also sent damaged.
DOCUMENTS = [
    '{"name": "m", "tags": [{"key": "a", "value": "b"}], "max_results": 100}',
    '{"a":1,"b":2,"a":3}', '{"a":{"a":{}},"a":[]}', '{"":0,"":1}', '{"b":1,"a":2,"\\u0061":3}',
    "[]", "{}", "[[],{}]", "null", "true", "false", '""', "0", "-0", "-0.0", "1.5e3", "1E+2", "1e-2",
    "[1,2,3]", " [ 1 , 2 ] ", "\t\r\n{ \"a\" : null }\n", "[NaN,Infinity,-Infinity]", "1e999", "-1e999",
    "1e-999", "4.9e-324", "2e-324", "1.7976931348623159e308", "123456789012345678901234567890",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
    "18446744073709551615", "18446744073709551616", "9007199254740993.0", "0." + "0" * 400 + "1",
    "1" * 4300, "1" * 4301, "-" + "1" * 4300, "-" + "1" * 4301, "1" * 5000 + ".0", "0" * 4301,
    "1" + "0" * 400 + "e-400", "0.0e999", "00", "01", "-01", "1.", ".5", "1.e1", "1e", "1e+", "--1",
    "+1", "-", "- 1", "0x10", "1_000", "\u0661", "-NaN", "nan", "inf", "-inf", "+Infinity", "Infinit",
    "nul", "nulll", "tru", "True", "None", "undefined", "[1,]", "[,1]", "[1,,2]", "[1 2]", "[", "]",
    "[}", "{]", "{", "}", '{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}', "{a:1}", "{'a':1}", '{1:2}',
    '{"a" 1}', '{"a":1 "b":2}', '{"a"::1}', "1 2", "{} {}", "{}x", "[] ,", "/**/1", "//\n1",
    '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\u0041\\u00e9\\uFFFF\\u0000"', '"\\ud83d\\ude00"', '"\\ud83d"',
    '"\\ude00\\ud83d"', '"\\ud83d\\u0041"', '"\\ud83d\\ud83d\\ude00"', '"\\ud83d\\n"', '"\\ud83dx"',
    '"\\ud83d\\u12"', '"\\u12"', '"\\u12g4"', '"\\u-123"', '"\\u+123"', '"\\u 123"', '"\\u0x12"',
    '"\\x41"', '"\\a"', '"\\\'"', '"\\"', '"', '"a', "'a'", '"\n"', '"\t"', '"\x00"', '"\x1f"', '"\x7f"',
    '"é€😀\u2028\ufeff"', '"\ud83d"', '"\ud83d\\ude00"', "\u00a0[]", "\x0b[]", "\x0c1", "\ufeff{}",
    '{"\ud83d\\ude00":1,"\\ud83d\\ude00":2}', "", " ", "\n", "\x00", "1\x00", "12\x00", "[1]\x00", "é",
]


def loads(data, show):
    """show(json.loads(data)) as the program answers it."""
    try:
        return utf8(show(json.loads(data)))
    except RecursionError:
        return b"too deep"
    except ValueError:
        return None


def compact_sorted(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


SHOWN = {
    "json_pretty": lambda value: json.dumps(value, indent=2),
    "json_spaced": json.dumps,
    "json_compact_sorted": compact_sorted,
    "json_repr": repr,
    "json_type": lambda value: type(value).__name__,
}


def encoded(text):
    for encoding in ("utf-8", "utf-16-be", "utf-16-le", "utf-32-be", "utf-32-le"):
        yield text.encode(encoding, "surrogatepass")
    yield codecs.BOM_UTF8 + text.encode("utf-8", "surrogatepass")
    yield codecs.BOM_UTF16_BE + text.encode("utf-16-be", "surrogatepass")
    yield codecs.BOM_UTF16_LE + text.encode("utf-16-le", "surrogatepass")
    yield codecs.BOM_UTF32_BE + text.encode("utf-32-be", "surrogatepass")
    yield codecs.BOM_UTF32_LE + text.encode("utf-32-le", "surrogatepass")


def damaged(source, data):
    """The document with a few bytes replaced, dropped, doubled or spliced from another."""
    data = bytearray(data)
    for _ in range(source.randint(1, 3)):
        at = source.randint(0, len(data))
        kind = source.randrange(4)
        if kind == 0:
            data[at:at + 1] = bytes([source.choice(b'"\\{}[],:0123456789eE+-.u nulltrue\x00\xc3\xed\xa0\xff')])
        elif kind == 1:
            del data[at:at + source.randint(1, 4)]
        elif kind == 2:
            data[at:at] = data[at:at + source.randint(1, 8)]
        else:
            other = source.choice(DOCUMENTS).encode("utf-8", "surrogatepass")
            start = source.randint(0, len(other))
            data[at:at] = other[start:start + source.randint(1, 8)]
    return bytes(data)


@pytest.mark.parametrize("operation", SHOWN)
def test_every_document_in_every_encoding(operation):
    documents = [data for text in DOCUMENTS for data in encoded(text)]
    documents += [data[:-1] for data in documents if data] + [data[1:] for data in documents if data]
    show = SHOWN[operation]
    assert differences(operation, documents, bytes, lambda data: loads(data, show)) == []


def test_damaged_documents():
    source = random.Random(6)
    seeds = [data for text in DOCUMENTS if len(text) < 200 for data in encoded(text)]
    documents = [damaged(source, source.choice(seeds)) for _ in range(100_000)]
    accepted = [data for data in documents if loads(data, repr) is not None]
    assert len(accepted) > 5000, "the damage leaves too little that is JSON"
    assert differences("json_repr", documents, bytes, lambda data: loads(data, repr)) == []


def random_value(source, depth):
    kind = source.randrange(8 if depth else 6)
    if kind == 0:
        return source.choice([None, True, False, float("inf"), float("nan"), {}, [], ""])
    if kind == 1:
        return source.randint(-2**source.choice((8, 63, 64, 200)), 2**source.choice((8, 63, 64, 200)))
    if kind == 2:
        return struct.unpack(">d", source.randbytes(8))[0]
    if kind < 6:
        return random_text(source)
    if kind == 6:
        return [random_value(source, depth - 1) for _ in range(source.randrange(5))]
    return {random_text(source): random_value(source, depth - 1) for _ in range(source.randrange(20))}


def random_text(source):
    def code_point():
        return source.randrange(source.choice((0x80, 0x800, 0x10000, 0x110000)))

    return "".join(chr(code_point()) for _ in range(source.randrange(8)))


@pytest.mark.parametrize("operation", SHOWN)
def test_random_values(operation):
    source = random.Random(7)
    documents = [
        json.dumps(random_value(source, 4), ensure_ascii=source.random() < 0.5).encode("utf-8", "surrogatepass")
        for _ in range(5000)
    ]
    show = SHOWN[operation]
    assert differences(operation, documents, bytes, lambda data: loads(data, show)) == []


def test_text_inside_a_string():
    def inner(text):
        try:
            return utf8(repr(json.loads(text)))
        except ValueError:
            return None

    assert differences("json_inner", DOCUMENTS, utf8, inner) == []


def test_objects_with_many_keys():
    source = random.Random(8)
    keys = [f"k{source.randrange(60_000)}" for _ in range(100_000)]
    many = "{" + ",".join(f'"{key}":{i}' for i, key in enumerate(keys)) + "}"
    small = [
        "{" + ",".join(f'"{source.randrange(count + 1)}":{i}' for i in range(count)) + "}"
        for count in range(40) for _ in range(20)
    ]
    documents = [text.encode() for text in [many, *small]]
    assert differences("json_spaced", documents, bytes, lambda data: loads(data, json.dumps)) == []


def test_strings():
    source = random.Random(9)
    strings = [chr(c) for c in range(0x110000)] + [random_text(source) for _ in range(100_000)]
    assert differences("json_string", strings, utf8, lambda text: json.dumps(text).encode()) == []


def test_numbers():
    def as_json(value):
        return json.dumps(value).encode()

    assert differences("json_double", doubles(), double_bits, as_json) == []
    texts = [as_json(value) for value in doubles()]
    assert differences("json_spaced", texts, bytes, lambda data: loads(data, json.dumps)) == []


def test_nesting_is_read_as_deep_as_python_reads_it():
    """Python's own bound depends on the depth of its stack; where it succeeds, so does Millrace."""
    depths = [1, 10, 500, 900, 1000]
    documents = [opening * depth + "1" + closing * depth
                 for depth in depths for opening, closing in (("[", "]"), ('{"a":', "}"))]
    for document, answer in zip(documents, json_cross_check.ask("json_spaced", [d.encode() for d in documents])):
        expected = document.replace(":", ": ").encode()
        assert answer == expected
    deeper = ["[" * 1001 + "]" * 1001, "[" * 200_000, '{"a":' * 200_000]
    assert json_cross_check.ask("json_type", [text.encode() for text in deeper]) == [b"too deep"] * 3
