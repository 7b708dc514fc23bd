"""Recorded answers of the real server: transcripts/<topic>.jsonl, one exchange a line.

Headers that nearly every answer carries are left out; one that is missing there is written as null.
"""

import json
from pathlib import Path

from replay import masks
from replay.player import Exchange

USUAL = {
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "vary": "Origin",
}


def write(path, exchanges):
    lines = []
    for exchange in exchanges:
        unusual = {name: value for name, value in exchange.headers.items()
                   if USUAL.get(name) != value}
        unusual |= {name: None for name in USUAL if name not in exchange.headers}
        line = {"request": exchange.request, "status": exchange.status}
        line |= {"headers": unusual} if unusual else {}
        line |= {"body": exchange.body} if exchange.body else {}
        if exchange.times != masks.times(exchange.body):  # the body is cut short
            line["times"] = exchange.times
        line |= {"fault": exchange.fault} if exchange.fault else {}
        lines.append(json.dumps(line) + "\n")
    Path(path).write_text("".join(lines), encoding="ascii")


def read(path):
    exchanges = []
    for text in Path(path).read_text(encoding="ascii").splitlines():
        line = json.loads(text)
        headers = {**USUAL, **line.get("headers", {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        body = line.get("body", "")
        exchanges.append(Exchange(line["request"], line["status"], headers, body,
                                  line.get("times", masks.times(body)), line.get("fault", "")))
    return exchanges
