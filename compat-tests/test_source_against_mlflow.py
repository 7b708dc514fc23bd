"""model-versions/create, request by request: what Millrace's source checks accept, store and refuse,
beside a real MLflow in this process.

Allowed differences, each checked to be one:
- a crash in MLflow (HTML 500) is an INVALID_PARAMETER_VALUE here;
- a version beyond int64, its database driver's 500, likewise;
- a non-local source whose path crosses a symbolic link of this machine is accepted here."""

import logging
import os
import pathlib
import posixpath
import random
import re
import urllib.parse
from contextlib import contextmanager

import pytest
from support import source_cases as cases
from support.mlflow_in_process import IS_PROMPT, World
from support.source_program import Program, compare, error, until_stable


@pytest.fixture(scope="module", autouse=True)
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture(scope="module")
def program(world):
    # Relative paths count from the working folder, so both sides share one.
    before = os.getcwd()
    os.chdir(world.folder)
    program = Program(world.folder)
    assert program("world", world.for_millrace()) is None
    yield program
    program.close()
    os.chdir(before)


def test_paths(program, world):
    rng = random.Random(5)
    names = ["a", "b", ".", "..", "", "sub", "in", "out", "up", "loop", "missing", "..a", "file"]
    relative = ["/".join(rng.choice(names) for _ in range(rng.randint(0, 6))) for _ in range(1500)]
    slashes = [prefix + path for path in relative for prefix in ("", "/", "//", "///")]
    compare(program, "normalize_path", posixpath.normpath, slashes)

    def resolve(path):
        return None if "loop" in path.split("/") else str(pathlib.Path(path).resolve())

    # A path through a loop of links is refused here; Python gives up on it in several ways.
    quiet_paths = [path for path in relative if "loop" not in path.split("/")]
    compare(program, "resolve_path", resolve, [f"{world.root}/{path}" for path in quiet_paths])
    compare(program, "resolve_path", resolve, [*quiet_paths, "/bin/x", "/proc/self/root/etc", "/..", ""])
    assert program("resolve_path", f"{world.root}/loop") is None
    assert program("resolve_path", "a\0b") is None


# The whole of model-versions/create.

DEFAULTS = {"allowed_schemes": [], "trusted_uris": ["mlflow-artifacts:/", "./mlartifacts"], "pattern": ""}


@contextmanager
def settings(monkeypatch, **changed):
    with monkeypatch.context() as environment:
        chosen = {**DEFAULTS, **changed}
        environment.setenv("MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES", ",".join(chosen["allowed_schemes"]))
        environment.setenv("_MLFLOW_SERVER_ARTIFACT_ROOT", chosen["trusted_uris"][0])
        environment.setenv("_MLFLOW_SERVER_ARTIFACT_DESTINATION", chosen["trusted_uris"][1])
        environment.setenv("MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX", chosen["pattern"])
        yield chosen


def crosses_a_link(source):
    """Whether the refusal of a non-local source is due to a link on this machine: the path changes
    under resolve() but not under normpath."""
    decoded = until_stable(urllib.parse.unquote_plus)(source)
    path = posixpath.normpath(urllib.parse.urlparse(decoded).path)
    return str(pathlib.Path(path).resolve()) != path


class Both:
    """Sends requests to both and collects what differs, and how often each allowed class was met."""

    def __init__(self, program, world, chosen):
        self.program, self.world, self.chosen = program, world, chosen
        self.different, self.met, self.count = [], {}, 0

    def send(self, source, **fields):
        body = {"name": "target", "source": source, **{k: v for k, v in fields.items() if v is not None}}
        theirs, ours = self.world.create(body), self.program("create", body, self.chosen)
        theirs = error(*theirs) if isinstance(theirs, tuple) else theirs
        self.count += 1
        kind = self.compare(body, theirs, self.linked(ours))
        self.met[kind] = self.met.get(kind, 0) + 1
        if kind == "different":
            self.different.append((body, theirs, ours))

    def linked(self, ours):
        """The handler's step after the INSERT: the logged model must be told of the version."""
        if isinstance(ours, tuple):
            return ours
        *stored, model_id = ours
        if model_id and model_id not in self.world.logged_models.values():
            return "RESOURCE_DOES_NOT_EXIST", f"Logged model with ID '{model_id}' not found."
        return stored

    def compare(self, body, theirs, ours):
        refused = isinstance(ours, tuple) and ours[0] == "INVALID_PARAMETER_VALUE"
        if theirs is None:
            return "crash" if refused else "different"
        if theirs == ours:
            return "equal"
        if isinstance(theirs, tuple):
            if "too large to convert to SQLite INTEGER" in theirs[1] and refused:
                return "beyond int64"
            if "an absolute path must be provided" in theirs[1] and crosses_a_link(body["source"]):
                return "link on this machine"
            if theirs[0] == ours[0] and self.keeps_a_link(body["source"], theirs[1], ours[1]):
                return "where a link leads is not told"
        return "different"

    def keeps_a_link(self, source, theirs, ours):
        """Whether the texts differ in the path alone, ours being what was sent and theirs what a link on its way made of it."""
        told = re.fullmatch(r"Invalid model version source: '(.*)'(\. To use a local path.*)", theirs, re.DOTALL)
        if told is None or ours != f"Invalid model version source: '{source}'{told[2]}":
            return False
        path = urllib.parse.unquote(re.sub("^file:(//[^/]*)?", "", source))
        return told[1] != re.sub("^//", "/", os.path.normpath(os.path.join(self.world.folder, path)))

    def check(self, *expected):
        assert not self.different, (len(self.different), self.different[:10])
        assert set(self.met) == {"equal", *expected}, self.met


def test_sources_without_an_owner(program, world, monkeypatch):
    with settings(monkeypatch) as chosen:
        both = Both(program, world, chosen)
        for uri in cases.uris(900):
            if uri:
                both.send(uri)
        both.check("crash", "link on this machine")


def test_sources_with_host_schemes_allowed(program, world, monkeypatch):
    schemes = ["http", "https", "ftp", "sftp", "hdfs", "abfss", "mlflow-artifacts"]
    with settings(monkeypatch, allowed_schemes=schemes) as chosen:
        both = Both(program, world, chosen)
        for uri in cases.uris(500, seed=7)[200:]:
            if uri:
                both.send(uri, run_id=world.runs["proxy"])
        both.check("crash", "link on this machine")


HOSTS = ["h", "H", "h:80", "h:443", "h:5000", "h:08", "h:", "u:p@h", "u@h:443", "other", "h.evil", "h@evil", "evil@h", "h\\@evil",
         "h%2eevil", "", "h:x", "h:99999", "h h", "[::1]", "[::1]:80", "b@h", "\u212a", "k"]


@pytest.mark.parametrize("root", ["http://h/root", "https://h", "mlflow-artifacts://h/x", "hdfs://h/x", "hdfs://h:5000/", "sftp://u@h/x",
                                  "abfss://fs@h/x", "r2://b@h", "ftp:///x", "http://[::1]/", "http://k"])
def test_trusted_hosts(program, world, monkeypatch, root):
    with settings(monkeypatch, trusted_uris=["mlflow-artifacts:/", root], allowed_schemes=["b2"]) as chosen:
        both = Both(program, world, chosen)
        for scheme in ("http", "https", "mlflow-artifacts", "hdfs", "viewfs", "sftp", "ftp", "abfss", "r2", "b2", "wasbs", "HTTP"):
            for host in HOSTS if scheme in (root.split(":")[0], "http", "b2") else HOSTS[:6]:
                both.send(f"{scheme}://{host}/a")
        assert not both.different, both.different[:10]
        assert both.count > 60


def local_sources(world):
    root, folder = str(world.root), str(world.folder)
    tails = ["", "/", "/x", "/sub", "/sub/../x", "/..", "/../x", "/in/x", "/out", "/out/x", "/up", "/up/x", "/missing/../out/y", "/sub/a b",
             "/sub/a%20b", "/sub/a%2520b", "/%2e%2e/x", "/%252e%252e/x", "X", "/./x", "//x", "/a?b", "/a#b", "/a;b", "/loop", "/loop/x",
             "/a\nb", "/a\x00b", "/a%00b", "/\u00e9", "/x/../../artifacts"]
    sources = [prefix + root + tail for tail in tails for prefix in ("", "file:", "file://", "file://localhost", "FILE:", " ")]
    relative = os.path.relpath(root, folder)
    sources += [relative, "./" + relative + "/x", "file:" + relative, f"{folder}/alias_of_root/x", f"file://.{root}", f"file://other{root}",
                f"//{root}", "file:///", "file:", "/", "//proc/self/root", "/etc", "/bin", "..", ".", "databricks", f"file:{root}?q#f",
                f"{root}\\..\\x", f"file://127.0.0.1{root}", f"file://LOCALHOST:5{root}/x", f"file://u@localhost{root}", f"file://[::1]{root}"]
    return sources


def owners(world):
    for run in (None, "", world.runs["local"], world.runs["proxy"], "no_such_run"):
        yield {"run_id": run}
    for model in (world.logged_models["local"], world.logged_models["proxy"], "no_such_model"):
        yield {"model_id": model}
    yield {"run_id": world.runs["local"], "model_id": world.logged_models["local_without_run"]}


def test_local_sources(program, world, monkeypatch):
    with settings(monkeypatch) as chosen:
        both = Both(program, world, chosen)
        for source in local_sources(world):
            both.send(source, run_id=world.runs["local"])
        below_model = world.model_location("local")
        for source in (str(world.root), f"file://{world.root}/x", below_model, f"{below_model}/x", "/etc", "file://other/x"):
            for owner in owners(world):
                both.send(source, **owner)
        blank = world.artifact_uri("file")
        for source in (blank, blank + "/x", urllib.parse.unquote(blank), blank.replace("file://", ""), blank.replace("%20", "%2520")):
            both.send(source, run_id=world.runs["file"])
        both.check("crash", "where a link leads is not told")


def owned_sources(world):
    run, model = world.runs["proxy"], world.logged_models["proxy"]
    for uri in (world.artifact_uri("proxy"), world.model_location("proxy"), world.artifact_uri("encoded"), "mlflow-artifacts:/9"):
        for tail in ("", "/", "/x", "/../x", "/%2e%2e/x", "x", "/a%2Fb", "?q", "#f", "/x;y"):
            yield uri + tail
    yield from (world.artifact_uri("proxy").replace(":/", "://h/"), world.artifact_uri("proxy").upper(), "mlflow-artifacts:/",
                world.artifact_uri("proxy").replace("/9/", "//9/"), world.artifact_uri("proxy").replace("9", "%39"),
                world.artifact_uri("encoded").replace("%2520", "%20"), world.artifact_uri("encoded").replace("%2520", " "))
    http = world.artifact_uri("http")
    yield from (http, http + "/x", http.replace("srv", "SRV"), http.replace(":5000", ""), http.replace("api/2.0", "api%2F2.0"),
                http.replace("artifacts/p", "artifacts//p"), http.replace("http:", "https:"), "http://srv:5000/a/api/2.0/mlflow-artifacts/artifacts",
                "http://srv:5000/api/2.0/mlflow-artifacts/art", http.replace("2.0", "%32.0"))
    for run_id in (run, "abc", "%61bc", run.upper()):
        yield from (f"runs:/{run_id}", f"runs:/{run_id}/m", f"runs:/{run_id}/../m", f"runs://h/{run_id}", f"runs:{run_id}/m",
                    f"runs:////{run_id}/m", f"RUNS:/{run_id}/m", f"runs:/{run_id}?q", f"runs:/{run_id}%2Fm", f"runs:%2F{run_id}", "runs:/")
    for model_id in (model, "m-1", model.upper()):
        yield from (f"models:/{model_id}", f"models:/{model_id}/", f"models:///{model_id}", f"models://h/{model_id}", f"models:{model_id}",
                    f"models:/{model_id}?q", f"models:/{model_id}#f", f"models:/{model_id}/../x", f"models:/%2e%2e/{model_id}")
    yield from ("s3://b/x", "gs://b/x", "dbfs:/x", "weird:/x", "dummy-source", "prompt-template")


def test_owned_sources(program, world, monkeypatch):
    owners_here = [{}, {"run_id": "abc"}, {"run_id": world.runs["proxy"]}, {"model_id": world.logged_models["proxy"]}]
    more = [{"run_id": world.runs["http"]}, {"run_id": "no_such_run"}, {"run_id": world.runs["s3"]}, {"run_id": world.runs["encoded"]},
            {"model_id": "m-1"}, {"model_id": world.logged_models["s3_without_run"]}, {"model_id": "m-1", "run_id": "given"},
            {"model_id": world.logged_models["proxy"], "run_id": ""}, {"model_id": world.logged_models["proxy_without_run"], "run_id": "given"}]
    with settings(monkeypatch, allowed_schemes=["http", "https"]) as chosen:
        both = Both(program, world, chosen)
        for index, source in enumerate(owned_sources(world)):
            for owner in owners_here + [more[index % len(more)], more[(index + 4) % len(more)]]:
                both.send(source, **owner)
        both.check()
    with settings(monkeypatch) as chosen:
        both = Both(program, world, chosen)
        for source in owned_sources(world):
            both.send(source, run_id=world.runs["proxy"])
        both.check()


LINEAGE = ["src/1", "src/01", "src/2", "src/3", "src/4", "src/5", "src/9", "src/latest", "src/LATEST", "src/Staging", "src/none", "src/Archived",
           "src/foo", "src@champ", "src@Champ", "src@latest", "src@", "src@a b", "src@no", "src@" + "x" * 256, "src/", "src/ ", "src/1/", "src//1",
           "src/1?q", "src/1#f", "src/1;p", "src/\u0661", "src/\u00b2", "src/9223372036854775808", "src/" + "1" * 4301, "src/-1", "src/1.0",
           "no/1", "no/latest", "no@champ", "empty/latest", "empty/Staging", "empty@latest", "empty/1", "prompt/1", "prompt/latest",
           "prompt_upper/1", "prompt_false/1", "a#b/1", "a%2Fb/1", "up%2F..%2Fx/1", "bin/1", "a b/1", "a+b/1", "\u00e9/1", "a@b/1", "a@b",
           "plus+x/1", " src/1", "sr\nc/1", "src/1 ", "..x/1", "a:b/1", "./1", "../1", ":/1", "@champ", "@", "", "/", "/src/1", "//h/src/1", "src@x@champ"]


def test_lineage(program, world, monkeypatch):
    with settings(monkeypatch) as chosen:
        both = Both(program, world, chosen)
        for tail in LINEAGE:
            both.send("models:/" + tail)
            both.send("Models:/" + tail, run_id="run_of_src")
            both.send("models:/" + tail, run_id="")
            both.send("models:/" + tail, model_id=world.logged_models["s3"])
        both.check("beyond int64", "link on this machine")


def test_prompts(program, world, monkeypatch):
    sources = ["dummy-source", "prompt-template", "Dummy-source", "/etc", "s3://b/x", " dummy-source", "http://h/x", "http://[x"]
    value = {**IS_PROMPT}
    tag_lists = [[value], [{**value, "value": "TRUE"}], [{**value, "value": "false"}], [value, {**value, "value": "false"}],
                 [{**value, "value": "false"}, value], [{**value, "value": " true"}], [{**value, "key": "mlflow.prompt"}]]
    with settings(monkeypatch) as chosen:
        both = Both(program, world, chosen)
        for source in sources:
            for tags in tag_lists:
                both.send(source, tags=tags)
            both.send(source, tags=[value], model_id=world.logged_models["s3"])
            both.send(source, tags=[value], model_id="m-1")
            both.send(source, tags=[value], model_id="m-1", run_id="given")
        both.check("crash")


def test_order_of_checks(program, world, monkeypatch):
    with settings(monkeypatch) as chosen:
        both = Both(program, world, chosen)
        for name in ("..", "a/b", " ", "target"):
            for tags in ([], [{"key": "a//b", "value": ""}], [{"key": "ok", "value": "x" * 100_001}, {"key": "?", "value": ""}]):
                for source in ("s3://b/x", "s3://b/../x", "ftp://h/x", "models:/no/1", "models:/src/1", "models:/m-1"):
                    both.send(source, name=name, tags=tags)
                both.send("models:/m-1", name=name, tags=tags, model_id="m-1")
                both.send("s3://b/x", name=name, tags=tags, model_id="m-1")
        both.check()


@pytest.mark.parametrize("pattern", ["^s3://", "b/x$", "^mlflow-artifacts:/[0-9]+/", "(?i)S3", "a{2,}|b", "."])
def test_required_pattern(program, world, monkeypatch, pattern):
    with settings(monkeypatch, pattern=pattern) as chosen:
        both = Both(program, world, chosen)
        for source in ("s3://b/x", "S3://b/xx", "xs3://b/x", "mlflow-artifacts:/12/x", "gs://aa/x", "http://[x", "dummy-source", "/etc"):
            both.send(source)
            both.send(source, tags=[IS_PROMPT])
        assert not both.different, both.different


def test_deep_nesting_of_escapes(program):
    # MLflow takes minutes over this one.
    source = "s3://b/" + "%25" * 1 + "25" * 1_000_000 + "2e%2e/x"
    code, message = program("create", {"name": "target", "source": source}, DEFAULTS)
    assert code == "INVALID_PARAMETER_VALUE" and "an absolute path must be provided" in message
