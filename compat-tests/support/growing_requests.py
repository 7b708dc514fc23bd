"""Requests that grow: for every route of the table and every text that it takes, values of a given length of
every kind that has ever made a server work more than in proportion to what it was sent.

The routes are read from routes.def, their fields from MLflow's own messages, so that neither list is kept here.
A case is a function from a length in bytes to a request; cases that belong together have one key.
"""

import base64
import json
import pathlib
import re
from urllib.parse import quote

from mlflow.protos import mlflow_artifacts_pb2, model_registry_pb2, service_pb2
from mlflow.utils.rest_utils import extract_all_api_info_for_service

ROUTES = pathlib.Path(__file__).parent.parent.parent / "api" / "rest" / "routes.def"
ROW = re.compile(r'^ROUTE\((\w+),\s*(\w+), "([^"]+)",\s*(\w+),\s*\w+,\s*\w+,\s*\w+,\s*(\w+)\)')
VERSIONS = {"V2": "2.0", "V3": "3.0"}

# The texts of the routes that have no message of MLflow's.
OTHER_TEXTS = {
    "get_artifact": ["run_uuid", "path"],
    "get_model_version_artifact": ["name", "version", "path"],
    "upload_run_artifact": ["run_uuid", "path"],
    "get_logged_model_artifact": ["artifact_file_path"],
    "get_metric_history_bulk": ["run_id", "metric_key"],
    "search_datasets": ["experiment_ids[]"],
    "post_graphql": ["query", "operationName"],
}
WITHOUT_TEXTS = {"get_health", "get_liveness", "get_readiness", "get_version", "get_server_info", "get_status_page"}


def repeated(unit):
    return lambda size: (unit * (size // len(unit) + 1))[:size]


TEXTS = {
    **{name: repeated(unit) for name, unit in {
        "letters": "a", "names": "a/", "up": "a/../", "slashes": "/", "lines": "\n ", "quotes": "'", "double quotes": '"',
        "escapes": "\\", "encoded": "%2F", "brackets": "([", "accents": "\u0130\u03a3", "digits": "1_",
        "conditions": "a = 'b' AND ", "lists": "'a', "}.items()},
    "decoded again and again": lambda size: "%" + "25" * (size // 2),
}
# What a text begins with, where that decides who reads it.
BEGINNINGS = {
    "page_token": ["", base64.b64encode(b'{"offset": 0, "a": "').decode()],
    "source": ["/", "s3://b/", "runs:/{run_id}/", "models:/", "mlflow-artifacts:/"],
    "artifact_location": ["", "s3://b/"],
    "filter": ["", "name LIKE '", "tags.`"],
}


class World:
    """What the requests are about, and the values of fields that name it."""

    def __init__(self, run_id, model_id):
        self.values = {
            "name": "m", "new_name": "n", "version": "1", "run_id": run_id, "run_uuid": run_id, "run_ids": run_id,
            "experiment_id": "0", "experiment_ids": "0", "model_id": model_id, "key": "k", "value": "v", "alias": "champion",
            "stage": "Staging", "stages": "Staging", "source": "s3://b/a", "metric_key": "k", "path": "a", "tag_key": "k",
            "page_token": base64.b64encode(b'{"offset": 1}').decode(), "filter": "name = 'm'", "filter_string": "name = 'm'",
            "order_by": "name", "artifact_path": "a", "artifact_file_path": "a", "experiment_name": "Default",
            "model_json": json.dumps({"artifact_path": "a", "flavors": {}, "utc_time_created": "t", "run_id": run_id})}


def request(method, target, body=b""):
    """As the program request_cost reads it."""
    if not isinstance(body, (str, bytes)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    return f"{method} {len(body)} {target}\n".encode() + body


def routes():
    """(handler, method, address) of each row of the table, on its first surface."""
    for line in ROUTES.read_text().splitlines():
        if row := ROW.match(line):
            method, version, path, surface, handler = row.groups()
            prefix = {"Api": "/api/", "Ajax": "/ajax-api/", "Root": ""}[surface]
            yield handler, method, prefix + VERSIONS.get(version, "") + path


def messages():
    """The message of each method and address."""
    found = {}
    for service in (service_pb2.MlflowService, model_registry_pb2.ModelRegistryService,
                    mlflow_artifacts_pb2.MlflowArtifactsService):
        for message, places in extract_all_api_info_for_service(service, "/api/2.0").items():
            for path, method in places:
                found[method, re.sub(r"\{(\w+)\}", r"<\1>", path)] = message.DESCRIPTOR
    return found


MESSAGES = messages()


def message_of(method, address):
    address = re.sub(r"<path:\w+>", "<artifact_path>", address.replace("/ajax-api/", "/api/"))
    return MESSAGES.get((method, address))


def value_of(field, world, depth=0):
    """A good value of a message's field; None where it can be left out."""
    if field.type == field.TYPE_MESSAGE:
        value = fields_of(field.message_type, world, depth + 1) if depth < 2 else {}
    elif field.type == field.TYPE_ENUM:
        value = field.enum_type.values[0].name
    elif field.type == field.TYPE_STRING:
        value = world.values.get(field.name, "a")
    elif field.type == field.TYPE_BOOL:
        value = False
    else:
        value = 1
    return [value] if field.is_repeated else value


# Good requests are asked for the first page, unless the token is the point.
LEFT_OUT = {"page_token", "order_by", "filter", "filter_string", "alias"}


def fields_of(message, world, depth=0):
    return {field.name: value_of(field, world, depth) for field in message.fields
            if depth or field.name not in LEFT_OUT or field.name == "alias" and "Alias" in message.name}


def texts_of(message, depth=0):
    """The way to each text of a message: names of members, which stand for the first item of a list."""
    for field in message.fields:
        if field.type == field.TYPE_STRING:
            yield [field.name]
        elif field.type == field.TYPE_MESSAGE and depth < 2:
            for way in texts_of(field.message_type, depth + 1):
                yield [field.name, *way]


def lists_of(message):
    return [field for field in message.fields if field.is_repeated]


def with_text(fields, way, text):
    """A copy of the fields in which the text at the end of the way is another one."""
    if isinstance(fields, list):
        return [with_text(fields[0], way, text)] if way else [text]
    return {**fields, way[0]: with_text(fields.get(way[0], {}), way[1:], text)} if way else text


class Route:
    def __init__(self, handler, method, address, world):
        self.handler, self.method, self.address, self.world = handler, method, address, world
        message = message_of(method, address)
        self.in_path = re.findall(r"<(?:path:)?(\w+)>", address)
        if message is not None:
            self.fields = fields_of(message, world)
            self.ways = list(texts_of(message))
            self.lists = lists_of(message)
        else:
            texts = OTHER_TEXTS.get(handler, [])
            self.fields = {text.removesuffix("[]"): ["0"] if text.endswith("[]") else world.values.get(text, "a") for text in texts}
            self.ways = [[name] for name in self.fields]
            self.lists = []
        self.ways = [way for way in self.ways if way[0] not in self.in_path]
        self.is_known = message is not None or handler in OTHER_TEXTS or bool(self.in_path) or handler in WITHOUT_TEXTS

    def target(self, values=None):
        values = values or {}
        return re.sub(r"<(?:path:)?(\w+)>",
                      lambda name: quote(values.get(name[1], self.world.values.get(name[1], "a")), safe="/",
                                         errors="surrogatepass"),
                      self.address)

    def request(self, fields):
        """As clients send it: what is short by a GET's query, all else as a body."""
        fields = {name: value for name, value in fields.items() if name not in self.in_path}
        flat = all(not isinstance(value, dict) and value != [{}] for value in fields.values())
        if self.handler == "upload_run_artifact" or self.method == "GET" and flat and self.handler != "post_graphql":
            pairs = [(name, text) for name, value in fields.items()
                     for text in (value if isinstance(value, list) else [value])]
            query = "&".join(f"{name}={quote(str(text), safe='', errors='surrogatepass')}" for name, text in pairs)
            return request(self.method, self.target() + ("?" + query if query else ""))
        return request(self.method, self.target(), fields)

    def base(self):
        return self.request(self.fields)

    def cases(self):
        """Lists of cases by what they are about."""
        for name in self.in_path:
            yield f"{self.handler} path {name}", {
                kind: lambda size, text=text, name=name: request(self.method, self.target({name: text(size)}))
                for kind, text in TEXTS.items()}
        for way in self.ways:
            beginnings = [text.format(**self.world.values) for text in BEGINNINGS.get(way[-1], [""])]
            yield f"{self.handler} {'.'.join(way)}", {
                f"{beginning}{kind}": lambda size, text=text, beginning=beginning, way=way: self.request(
                    with_text(self.fields, way, beginning + text(size)))
                for beginning in beginnings for kind, text in TEXTS.items()}
        if self.lists:
            yield f"{self.handler} lists", {
                f"{field.name} {kind}": lambda size, field=field, item=item: self.request(
                    {**self.fields, field.name: self.items(field, size, item)})
                for field in self.lists for kind, item in {"alike": lambda i: "k", "different": lambda i: f"k{i}"}.items()}
        if self.method != "GET" or self.handler == "post_graphql":
            yield f"{self.handler} body", {kind: lambda size, body=body: request(self.method, self.target(), body(self, size))
                                           for kind, body in BODIES.items()}
        elif self.ways:
            yield f"{self.handler} query", {kind: lambda size, unit=unit: request(
                self.method, self.target() + "?" + repeated(unit)(size)) for kind, unit in QUERIES.items()}
        if self.handler == "post_graphql" and self.method == "POST":
            yield from graphql_cases(self)

    @staticmethod
    def items(field, size, text):
        if field.type == field.TYPE_MESSAGE:
            names = [member.name for member in field.message_type.fields if member.type == member.TYPE_STRING]
            return [dict.fromkeys(names, text(i)) for i in range(size // 12 // max(len(names), 1))]
        return [text(i) for i in range(size // 6)] if field.type == field.TYPE_STRING else [1] * (size // 2)


def with_members(route, members):
    body = json.dumps({name: value for name, value in route.fields.items() if name not in route.in_path})
    return body[:-1] + (", " if body != "{}" else "") + members + "}"


# Bodies, of which the unknown members are as long as asked for.
BODIES = {
    "unknown members": lambda route, size: with_members(route, ", ".join(f'"x{i:05}": 1' for i in range(size // 12))),
    "one member again": lambda route, size: with_members(route, ", ".join(['"x": 1'] * (size // 8))),
    "nested lists": lambda route, size: with_members(route, '"x": ' + "[" * (size // 5) + "]" * (size // 5)),
    "nested objects": lambda route, size: with_members(route, '"x": ' + '{"a":' * (size // 6) + "1" + "}" * (size // 6)),
    "escapes": lambda route, size: with_members(route, '"x": "' + "\\u0041" * (size // 6) + '"'),
    "surrogates": lambda route, size: with_members(route, '"x": "' + "\\ud83d\\ude00" * (size // 12) + '"'),
    "digits": lambda route, size: with_members(route, '"x": ' + "1" * size),
    "fractions": lambda route, size: with_members(route, '"x": 0.' + "1" * size),
    "blanks": lambda route, size: " " * size + with_members(route, '"x": 1'),
    "encoded twice": lambda route, size: json.dumps(with_members(route, '"x": "' + '\\"' * (size // 2) + '"')),
    "unclosed": lambda route, size: "[" * (size // 2),
    "no text": lambda route, size: '"' + "a" * size,
}
QUERIES = {"unknown members": "x=1&", "empty ones": "&", "encoded": "x=%41%42&", "blanks": "++", "equals": "="}


def graphql_cases(route):
    def case(query, variables=None):
        return request("POST", route.target(), {"query": query, **({"variables": variables} if variables else {})})

    def levels(size):
        """Two fields a level, of which each pair is compared with each other."""
        depth = 1 + size // 300
        text = "a" * 100
        fragments = [f"fragment L{i} on Query{{f{{...L{i + 1}}} f{{...L{i + 1}}}}}" for i in range(depth)]
        return case("{...L0} " + " ".join(fragments) + f' fragment L{depth} on Query{{f(x:"{text}") f(x:"{text}")}}')

    def operations(size):
        fields = "fragment F on Query{" + "f " * (size // 4) + "}"
        return case(fields + " ".join(f"query q{i}{{...F}}" for i in range(size // 28)))

    def fields(unit):
        return lambda size: case("{test{" + " ".join(unit.replace("#", f"{i:04}") for i in range(size // (len(unit) + 4))) + "}}")

    of_input = "query($i:MlflowSearchRunsInput){mlflowSearchRuns(input:$i){nextPageToken}}"
    documents = {
        "blank lines": lambda size: case('{test(inputString:"""' + "\n" * size + 'x"""){output}}'),
        "lines": lambda size: case('{test(inputString:"""' + "a\n" * (size // 2) + '"""){output}}'),
        "indented lines": lambda size: case('{test(inputString:"""' + " a\n\n" * (size // 4) + '"""){output}}'),
        "escapes": lambda size: case('{test(inputString:"' + "\\u0041" * (size // 6) + '"){output}}'),
        "comments": lambda size: case("#\n" * (size // 2) + "{__typename}"),
        "commas": lambda size: case("{__typename" + "," * size + "}"),
        "nested selections": lambda size: case("{a" * (size // 3) + "}" * (size // 3)),
        "nested lists": lambda size: case("{a(b:" + "[" * (size // 2) + "]" * (size // 2) + ")}"),
        "unknown fields": fields("a#"),
        "aliases": fields("a#:output"),
        "one field again": fields("output"),
        "one field with arguments": fields("a(b:[1,{c:2}])"),
        "directives": lambda size: case("{__typename " + "@a " * (size // 3) + "}"),
        "arguments": lambda size: case("{test(" + " ".join(f"a{i:03}:1" for i in range(size // 7)) + "){output}}"),
        "variables": lambda size: case(
            "query(" + " ".join(f"$a{i:03}:Int" for i in range(size // 20)) + "){test(inputString:[" +
            " ".join(f"$a{i:03}" for i in range(size // 20)) + "]){output}}"),
        "levels": levels,
        "operations over a fragment": operations,
        "operations": lambda size: case(" ".join(f"query q{i:03}{{__typename}}" for i in range(size // 22))),
        "chain of fragments": lambda size: case("{...F0} " + " ".join(
            f"fragment F{i} on Query{{...F{i + 1}}}" for i in range(size // 32))),
        "circle of fragments": lambda size: case("{...F0} " + " ".join(
            f"fragment F{i} on Query{{...F{(i + 1) % (size // 32)}}}" for i in range(size // 32))),
        "spreads": lambda size: case("{" + "...F " * (size // 8) + "} fragment F on Query{__typename" + " f" * (size // 8) + "}"),
        "fields over spreads": lambda size: case("{" + " ".join(f"a{i:03}:a{{...F}}" for i in range(size // 24)) +
                                                "} fragment F on Query{" + "...G " * (size // 12) + "a} fragment G on Query{a}"),
    }
    variables = {
        "unknown members": lambda size: case(of_input, {"i": {f"a{i:05}": 1 for i in range(size // 12)}}),
        "wrong items": lambda size: case(of_input, {"i": {"experimentIds": [1] * (size // 3)}}),
        "nested": lambda size: case(of_input, {"i": json.loads("[" * (size // 5) + "]" * (size // 5))}),
        "long text": lambda size: case(of_input, {"i": "a" * size}),
        "not asked for": lambda size: case("query(" + " ".join(f"$b{i:03}:Int" for i in range(size // 20)) + "){__typename}",
                                           {f"a{i:03}": 1 for i in range(size // 20)}),
        "items": lambda size: case(of_input, {"i": {"experimentIds": ["0"] * (size // 5)}}),
    }
    for about, cases in {"document": documents, "variables": variables}.items():
        for kind, each in cases.items():  # their limits differ, so that together they hide one another
            yield f"{route.handler} {about}", {kind: each}
