"""Recorded answers of the real server, one exchange a line: transcripts/<topic>.jsonl on SQLite, and
transcripts/<kind>/<topic>.jsonl for those that are others on that kind of database server.

Headers that nearly every answer carries are left out; one that is missing there is written as null.
"""

import json
from pathlib import Path

from replay import masks
from replay.player import Exchange

FOLDER = Path(__file__).resolve().parent / "transcripts"
USUAL = {
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "vary": "Origin",
}


def read(topic, kind="sqlite"):
    """All exchanges of the topic on that kind of database, in order."""
    exchanges = [_exchange(line) for line in _lines(f"{topic}.jsonl")]
    for line in _lines(f"{kind}/{topic}.jsonl") if kind != "sqlite" else []:
        number = line.pop("number")
        if exchanges[number - 1].request != line["request"]:
            raise ValueError(f"{kind}/{topic}: recorded anew on SQLite only, or not in order")
        exchanges[number - 1] = _exchange(line)
    return exchanges


def write(topic, kind, exchanges):
    """Keeps them. Returns how many of them are kept: on a server those that differ from SQLite's."""
    if kind == "sqlite":
        return _write(f"{topic}.jsonl", [_line(one) for one in exchanges])
    return _write(f"{kind}/{topic}.jsonl",
                  [{"number": number} | _line(here)
                   for number, (there, here) in enumerate(zip(read(topic), exchanges, strict=True), 1)
                   if here != there])


def _line(exchange):
    unusual = {name: value for name, value in exchange.headers.items()
               if USUAL.get(name) != value}
    unusual |= {name: None for name in USUAL if name not in exchange.headers}
    line = {"request": exchange.request, "status": exchange.status}
    line |= {"headers": unusual} if unusual else {}
    line |= {"body": exchange.body} if exchange.body else {}
    if exchange.times != masks.times(exchange.body):  # the body is cut short
        line["times"] = exchange.times
    return line | ({"fault": exchange.fault} if exchange.fault else {})


def _exchange(line):
    headers = {**USUAL, **line.get("headers", {})}
    headers = {name: value for name, value in headers.items() if value is not None}
    body = line.get("body", "")
    return Exchange(line["request"], line["status"], headers, body,
                    line.get("times", masks.times(body)), line.get("fault", ""))


def _lines(name):
    return [json.loads(text) for text in (FOLDER / name).read_text(encoding="ascii").splitlines()]


def _write(name, lines):
    path = FOLDER / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="ascii")
    return len(lines)
