"""The notation of corpus/*.yaml (described in corpus/README.md), expanded into plain steps."""

import itertools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import yaml

from replay import variants

API = "/api/2.0/mlflow"
LINE = re.compile(r"(?P<method>[A-Za-z-]+) (?P<target>\S+)(?: (?P<body>.*?))?"
                  r"(?: -> (?P<save>\w+=[\w.-]+(?: \w+=[\w.-]+)*))?", re.DOTALL)
VARIABLE = re.compile(r"\$\{((?:[^{}|$]|\$(?!\{\w)|\{[^{}]*\})+)(?:\|(\w+))?\}", re.DOTALL)
REPEAT = re.compile(r"(.+)\*(\d+)", re.DOTALL)
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]

# Topics whose answers come from elsewhere than the database and are the same on each kind of it: from
# HTTP and its headers, from the table of routes, and from the files of artifacts.
WITHOUT_DATABASE = re.compile(r"artifacts_\w+|cors\w*|frame_none|http_edges|named_escapes|ops|"
                              r"routes\w*|security_off|static_prefix")


@dataclass
class Step:
    """One request, or (with no method) something done beside the server's back."""

    method: str = ""
    target: str = ""
    body: str | None = None
    headers: dict = field(default_factory=dict)  # name -> value, list of values, or None: not sent
    save: dict = field(default_factory=dict)  # variable -> dotted path in the JSON answer, or header.<name>
    encoding: str = "utf-8"
    chunked: bool = False
    walk: bool = False  # follow next_page_token to the end
    sql: str = ""  # run on the server's database
    select: str = ""  # a query on it; its rows are compared like an answer
    tree: str = ""  # a folder below the server's; the files in it are compared like an answer
    file: tuple = ()  # (path under the server's folder, text): a file to write
    link: tuple = ()  # (path under the server's folder, target): a symbolic link to make


@dataclass
class Topic:
    name: str
    server: list  # flags beyond the ones that every server gets
    steps: list


def needs_database(name):
    """Whether a topic is played on each kind of database, and not on SQLite alone."""
    return WITHOUT_DATABASE.fullmatch(name) is None


def load(path):
    text = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    expansion = _Expansion(text.get("api", API))
    steps = list(expansion.steps(text["steps"], {}))
    return Topic(Path(path).stem, [str(flag) for flag in text.get("server", [])], steps)


def substitute(text, variables):
    """${name}, ${name|q} (percent-encoded), ${name|j} (as JSON), ${x*300} (x, 300 times; it may be
    one JSON object).

    A name that nobody has given stays as it is, for the next round.
    """
    def value(match):
        name, form = match.groups()
        if name in variables:
            found = variables[name]
        elif repeat := REPEAT.fullmatch(name):
            found = repeat.group(1) * int(repeat.group(2))
        else:
            return match.group(0)
        if form == "q":
            return quote(str(found), safe="")
        return json.dumps(found) if form == "j" else str(found)

    return VARIABLE.sub(value, text)


class _Expansion:
    def __init__(self, api):
        self.api = api
        self.number = 0  # of the case: ${n}

    def steps(self, items, variables):
        for item in items if isinstance(items, list) else [items]:
            yield from self._item(item, variables)

    def _item(self, item, variables):
        if isinstance(item, str):
            for line in item.splitlines():
                if line.strip() and not line.startswith("#"):
                    yield self._line(line, variables)
            return
        for kind in ("sql", "select", "tree", "file", "link", "each", "fields", "routes", "walk", "send"):
            if kind in item:
                yield from getattr(self, f"_{kind}")(item, variables)
                return
        raise ValueError(f"no known kind of step: {item}")

    def _line(self, line, variables):
        match = LINE.fullmatch(line)
        if not match:
            raise ValueError(f"not a request: {line!r}")
        save = dict(pair.split("=") for pair in (match["save"] or "").split())
        return self._step(match["method"], match["target"], match["body"], variables, save=save)

    def _step(self, method, target, body, variables, **more):
        if not target.startswith(("/", "*", "http:")):
            target = f"{self.api}/{target}"
        body = None if body is None else substitute(body, variables)
        return Step(method, substitute(target, variables), body, **more)

    def _sql(self, item, variables):
        yield Step(sql=substitute(item["sql"], variables))

    def _select(self, item, variables):
        yield Step(select=substitute(item["select"], variables))

    def _tree(self, item, variables):
        yield Step(tree=substitute(item["tree"], variables))

    def _file(self, item, variables):
        yield Step(file=(item["file"], item["text"]))

    def _link(self, item, variables):
        yield Step(link=(item["link"], item["to"]))

    def _send(self, item, variables):
        step = self._line(substitute(item["send"], variables), variables)
        step.body = substitute(item["body"], variables) if "body" in item else step.body
        step.headers = {name: substitute(value, variables) if isinstance(value, str) else value
                        for name, value in item.get("headers", {}).items()}
        step.encoding = substitute(item.get("encoding", "utf-8"), variables)
        step.chunked = item.get("chunked", False)
        yield step

    def _walk(self, item, variables):
        step = self._line(item["walk"], variables)
        step.walk = True
        yield step

    def _each(self, item, variables):
        names = list(item["each"])
        lists = [[substitute(value, variables) if isinstance(value, str) else value
                  for value in (values.splitlines() if isinstance(values, str) else values)]
                 for values in item["each"].values()]
        for values in itertools.product(*lists):
            self.number += 1
            own = {**variables, **dict(zip(names, values)), "n": self.number}
            yield from self.steps(item["do"], own)

    def _fields(self, item, variables):
        """One request with each of its fields varied (variants.py)."""
        method, target = item["fields"].split()
        if method == "GET":
            cases = ((f"{target}?{query}", None) for _, query in variants.query_cases(item["good"]))
        else:
            cases = ((target, json.dumps(body))
                     for _, body in variants.body_cases(item["good"], item.get("too_long", {})))
        for case_target, body in cases:
            self.number += 1
            own = {**variables, "n": self.number}
            yield from self.steps(item.get("before", []), own)
            yield self._step(method, case_target, body, own)

    def _routes(self, item, variables):
        """Each route with every method, and with every way to spell its path wrongly."""
        served = {}
        for line in item["routes"].split("\n"):
            if line.strip():
                method, path = line.split()
                served.setdefault(path, []).append(method)
        for path, methods in served.items():
            for method in METHODS:
                yield self._step(method, path, None, variables)
            for method in methods:
                yield self._step(method, f"/ajax-api/2.0/mlflow/{path}", None, variables)
                for wrong in (f"{self.api}/{path}/", f"{self.api}//{path}", f"//{path}",
                              f"/api/3.0/mlflow/{path}", f"/api/2.0/preview/mlflow/{path}",
                              f"{self.api}/{path.upper()}", f"{self.api}/{path}%20",
                              f"{self.api}/{path.replace('/', '%2F')}",
                              f"{self.api}/{path}/more", f"/{path}"):
                    yield self._step(method, wrong, None, variables)
