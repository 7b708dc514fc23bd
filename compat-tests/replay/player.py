"""Plays a topic to one server."""

import hashlib
import itertools
import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from replay import corpus, masks, sql, unordered, wire

LONG = 8000  # characters of a body that are kept as they are
MAX_PAGES = 40
PAUSE = 0.0002  # seconds between two looks at the clock


@dataclass
class Exchange:
    """One request and its masked answer."""

    request: str
    status: int
    headers: dict
    body: str
    times: list = field(default_factory=list)  # the masks of times in the body, in order
    fault: str = ""


def play(topic, server, expected=None):
    """All exchanges of the topic in order.

    server: has .host, .port, .folder and .store_uri (its database).
    expected: the other server's exchanges; they settle which time stamp is which, and how many
        pages a walk has.
    """
    return _Game(topic, server, expected).play()


class _Game:
    def __init__(self, topic, server, expected):
        self.topic, self.server = topic, server
        self.address = f"{server.host}:{server.port}"
        self.kind = urlsplit(server.store_uri).scheme.partition("+")[0]
        self.expected = expected or []
        self.masks = masks.Masks(self.address, str(server.folder))
        self.variables = {"folder": str(server.folder), "server": self.address,
                          "port": str(server.port)}
        self.exchanges = []
        self.last_ms = 0  # when the last request was answered

    def play(self):
        for step in self.topic.steps:
            if step.sql:
                self._sql(corpus.substitute(step.sql, self.variables))
            elif step.select:
                self._select(step)
            elif step.tree:
                self._tree(step)
            elif step.link:
                self._place(step.link[0]).symlink_to(step.link[1])
            elif step.file:
                self._place(step.file[0]).write_text(step.file[1], encoding="utf-8")
            elif step.walk:
                self._walk(step)
            else:
                self._request(step, step.target)
        return self.exchanges

    def _sql(self, text):
        self.masks.sent(text)
        sql.run(self.server.store_uri, text)

    def _select(self, step):
        rows, ordered = sql.rows(self.server.store_uri, corpus.substitute(step.select, self.variables))
        lines = [json.dumps(row) for row in rows]
        now = time.time_ns() // 1_000_000
        self.masks.served(now, now - 1)  # nothing is stamped by a query
        self._keep(step.select, 0, {},
                   "\n".join(lines if ordered else sorted(lines, key=self.masks.known)))

    def _place(self, name):
        path = Path(self.server.folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _tree(self, step):
        root = Path(self.server.folder) / corpus.substitute(step.tree, self.variables)
        lines = [f"{path.relative_to(root)} {'/' if path.is_dir() else path.stat().st_size}"
                 for path in sorted(root.rglob("*")) if not path.is_symlink()]
        now = time.time_ns() // 1_000_000
        self.masks.served(now, now - 1)  # nothing is stamped by looking
        self._keep(f"tree {step.tree}", 0, {}, "\n".join(lines))

    def _keep(self, label, status, headers, text, fault=""):
        number = len(self.exchanges)
        wanted = self.expected[number].times if number < len(self.expected) else []
        masked = self.masks.text(unordered.sort(text, self.kind), wanted)
        self.exchanges.append(Exchange(label, status, headers, _kept(masked), masks.times(masked),
                                       fault))

    def _walk(self, step):
        target = step.target
        for _ in range(self._pages(step)):
            answer = self._request(step, target)
            token = _at(answer, "next_page_token")
            if not token and not self.expected:
                return
            mark = "&" if "?" in step.target else "?"
            target = step.target + mark + corpus.substitute("page_token=${t|q}", {"t": token})

    def _pages(self, step):
        """The other server's pages; a walk that would end earlier here asks with an empty token."""
        rest = self.expected[len(self.exchanges):]
        same = itertools.takewhile(lambda one: one.request == _label(step), rest)
        return len(list(same)) if self.expected else MAX_PAGES

    def _request(self, step, target):
        target = corpus.substitute(target, self.variables)
        body = None if step.body is None else corpus.substitute(step.body, self.variables)
        data = self._bytes(step, target, body)
        self.masks.sent(target + (body or ""))
        while (first := _now_ms()) <= self.last_ms:  # orders by time need times that differ
            time.sleep(PAUSE)
        response = wire.exchange(self.server.host, self.server.port, data, step.method == "HEAD")
        self.last_ms = _now_ms()
        self.masks.served(first, self.last_ms)
        text = response.body.decode("utf-8", "surrogateescape")
        self._keep(_label(step), response.status, _headers(response, self.masks), text,
                   response.fault)
        try:
            answer = json.loads(text)
        except ValueError:
            answer = None
        for name, path in step.save.items():
            self.variables[name] = (response.get(path.removeprefix("header.")) or ""
                                    if path.startswith("header.") else _at(answer, path))
        return answer

    def _bytes(self, step, target, body):
        content = b"" if body is None else body.encode(step.encoding, "surrogateescape")
        headers = {"Host": self.address}
        if body is not None or step.method in ("POST", "PUT", "PATCH", "DELETE"):
            headers["Content-Type"] = "application/json"
            if step.chunked:
                headers["Transfer-Encoding"] = "chunked"
                content = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in content) + b"0\r\n\r\n"
            else:
                headers["Content-Length"] = str(len(content))
        lines = []
        for name, value in {**headers, **step.headers}.items():
            values = value if isinstance(value, list) else [] if value is None else [value]
            lines += [(name, corpus.substitute(str(one), self.variables)) for one in values]
        return wire.request_bytes(step.method, target, lines, content)


def _now_ms():
    return time.time_ns() // 1_000_000


def _label(step):
    """The request as its corpus spells it: the name of a case in transcripts and reports."""
    label = " ".join([step.method, step.target] + ([step.body] if step.body is not None else []))
    label += "".join(f" [{name}: {value}]" for name, value in step.headers.items())
    label += f" [{step.encoding}]" if step.encoding != "utf-8" else ""
    label += " [chunked]" if step.chunked else ""
    if len(label) > 240:
        label = f"{label[:200]}...{len(label)} characters, {_digest(label)}"
    return label


def _kept(body):
    if len(body) <= LONG:
        return body
    return f"{body[:200]}...{len(body)} characters, {_digest(body)}"


def _digest(text):
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _headers(response, masks_of_topic):
    """Compared headers; a content-length that wire has found right is left out."""
    found = masks.headers(response, masks_of_topic)
    if response.body or response.status == 308:
        found.pop("content-length", None)
    return found


def _at(value, path):
    for part in path.split("."):
        if isinstance(value, list) and re.fullmatch(r"\d+", part) and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return ""
    return value
