"""The mechanical families of bad (and odd) input, made from one good request.

A case is (label, body) for JSON bodies and (label, query text) for queries.
"""

import copy
import json
import re
from urllib.parse import quote

UNICODE = "é中\U0001f600ß\u0301"
HOSTILE = [
    "'; DROP TABLE registered_models; --",
    "../../etc/passwd",
    "/etc/passwd",
    "a/b",
    "a//b/../c",
    "a:b",
    "<script>alert(1)</script>",
    "nul\u0000in",
    "line\nbreak\r\n\t",
    "%27%2e%2e%2f",
    "{{7*7}}$x%s%n",
    "back\\slash\"quote'",
    "\u202eright to left\u200b",
    "\ud800",
]
PROBES = [None, "", "   ", "text", "5", "true", 0, 5, -1, 1.0, 1.5, 2**63, True, False, [], ["x"],
          [5], [None], [[]], [{}], {}, {"a": 1}]


def camel(name):
    return re.sub(r"_([a-z])", lambda match: match.group(1).upper(), name)


def body_cases(good, too_long):
    """Every field of the JSON object `good` (inner objects of lists too) varied one at a time.

    too_long: field -> number of characters; 300 for a field not named.
    """
    yield "good", good
    for path in _paths(good):
        name = ".".join(str(part) for part in path)
        value = _at(good, path)
        yield f"{name} missing", _without(good, path)
        for probe in PROBES:
            if probe != value or type(probe) is not type(value):
                yield f"{name} = {json.dumps(probe)}", _with(good, path, probe)
        if isinstance(value, str):
            yield f"{name} too long", _with(good, path, "x" * too_long.get(path[-1], 300))
            yield f"{name} unicode", _with(good, path, UNICODE)
            for number, text in enumerate(HOSTILE):
                yield f"{name} hostile {number}", _with(good, path, text)
        yield from _spellings(good, path, name)
    yield "unknown field", {**good, "no_such_field": "x"}


def _spellings(good, path, name):
    other = camel(path[-1])
    if other == path[-1]:
        return
    renamed = _without(good, path)
    _at(renamed, path[:-1])[other] = _at(good, path)
    yield f"{name} in camel case", renamed
    yield f"{name} in both spellings", _with(good, path[:-1] + (other,), _at(good, path))


def query_cases(good):
    """`good`: name -> text, or a list of texts for a repeated field."""
    pairs = [(name, text) for name, texts in good.items()
             for text in (texts if isinstance(texts, list) else [texts])]
    yield "good", _query(pairs)
    for name in good:
        rest = [pair for pair in pairs if pair[0] != name]
        own = [pair for pair in pairs if pair[0] == name]
        yield f"{name} missing", _query(rest)
        for text in ["", " ", "5", "true", "null", "x" * 300, UNICODE] + HOSTILE[:-1]:
            yield f"{name} = {text[:30]!r}", _query(rest + [(name, text)])
        yield f"{name} twice", _query(pairs + [(name, "second")])
        yield f"{name} empty, then given", _query(rest + [(name, "")] + own)
        yield f"{name} in capitals", _query(rest + [(name.upper(), own[0][1])])
        yield f"{name} without =", _query(rest) + f"&{name}"
        yield f"{name} undecodable", _query(rest) + f"&{name}=%FF%zz%"
        yield f"{name} after ;", _query(rest) + f";{name}={quote(own[0][1], safe='')}"
        if camel(name) != name:
            yield f"{name} in camel case", _query(rest + [(camel(name), own[0][1])])
    yield "unknown field", _query(pairs + [("no_such_field", "x")])


def _query(pairs):
    return "&".join(f"{name}={quote(text, safe='${}')}" for name, text in pairs)


def _paths(value, path=()):
    for name in value:
        yield path + (name,)
        inner = value[name]
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            yield from _paths(inner[0], path + (name, 0))


def _at(value, path):
    for part in path:
        value = value[part]
    return value


def _with(good, path, value):
    changed = copy.deepcopy(good)
    _at(changed, path[:-1])[path[-1]] = value
    return changed


def _without(good, path):
    changed = copy.deepcopy(good)
    del _at(changed, path[:-1])[path[-1]]
    return changed
