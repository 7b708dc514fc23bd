"""Hostile paths through every artifact route and verb: files outside the artifact roots are neither read, nor listed, nor
changed. Requests go out byte for byte, because a client would tidy a path up."""

import http.client
import json
import os
import secrets
import socket

import pytest

from support.millrace_server import MillraceServer
from support.rest import Rest

SECRET = f"canary-{secrets.token_hex(16)}"  # content that no answer may hold
UNLISTED = f"unlisted-{secrets.token_hex(16)}"  # the name of a file beside the canary, in no request
PROXY = "mlflow-artifacts/artifacts"
UPS = (2, 3, 6)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A server with a run, a logged model, a version; beside its artifacts what it must not touch, and links to there."""
    folder = tmp_path_factory.mktemp("paths")
    for outside in (folder / "outside", folder / "server" / "mlartifacts-other", folder / "server"):
        (outside / "deep").mkdir(parents=True)
        for place in (outside, outside / "deep"):
            (place / "canary.txt").write_text(SECRET)
            (place / UNLISTED).write_text(SECRET)
    with MillraceServer(folder / "server", "--artifacts-destination", str(folder / "server" / "mlartifacts")) as server:
        yield World(folder, server)


class World:
    def __init__(self, folder, server):
        self.folder, self.server = folder, server
        self.root = folder / "server" / "mlartifacts"
        rest = Rest(server)
        self.run_id = rest.ok("POST", "runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
        self.model_id = rest.ok("POST", "logged-models", {"experiment_id": "0", "name": "m"})["model"]["info"]["model_id"]
        rest.ok("POST", "registered-models/create", {"name": "n"})
        rest.ok("POST", "model-versions/create", {"name": "n", "run_id": self.run_id,
                                                  "source": f"mlflow-artifacts:/0/{self.run_id}/artifacts"})
        rest.close()
        self.kept = []
        for inner in ("", f"0/{self.run_id}/artifacts", f"0/models/{self.model_id}/artifacts"):
            place = self.root / inner
            place.mkdir(parents=True, exist_ok=True)
            (place / "kept.txt").write_text("kept")
            (place / "link").symlink_to(folder / "outside")
            (place / "link.txt").symlink_to(folder / "outside" / "canary.txt")
            (place / "up").symlink_to("../../../../..")
            self.kept.append(place / "kept.txt")
        self.before = self.outside()

    def outside(self):
        """All outside the artifacts with content, except what the server itself writes."""
        own = ("server.log", "mlflow.db", "mlflow.db-wal", "mlflow.db-shm")
        found = {}
        for path, folders, names in os.walk(self.folder):
            folders[:] = [name for name in folders if name != "mlartifacts"]
            found[path] = None
            found.update({f"{path}/{name}": open(f"{path}/{name}", "rb").read() for name in names if name not in own})
        return found

    def assert_untouched(self):
        assert self.outside() == self.before
        assert [path.read_text() for path in self.kept] == ["kept"] * 3

    def send(self, method, target, body=b"", content_type="application/json"):
        """The answer's status and body; (0, b"") when the server hangs up."""
        head = (f"{method} {target} HTTP/1.1\r\nHost: {self.server.host}:{self.server.port}\r\nConnection: close\r\n"
                f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n")
        with socket.create_connection((self.server.host, self.server.port), timeout=30) as client:
            client.sendall(head.encode("utf-8", "surrogateescape") + body)
            answer = http.client.HTTPResponse(client, method=method)
            try:
                answer.begin()
                return answer.status, answer.read()
            except (http.client.HTTPException, OSError):
                return 0, b""


def hostile(world):
    """Paths to the canary, its folder, and above everything, as they stand in a request."""
    outside = str(world.folder / "outside")
    for tail in ("outside/canary.txt", "mlartifacts-other", "new.txt"):
        for count in UPS:
            plain = "../" * count + tail
            yield plain
            for dots in ("%2e%2e", ".%2e", "%252e%252e", "%25252e%25252e", ".%09.", ".%0d.", "%c0%ae%c0%ae",
                         "%uff0e%uff0e", "．．", "..%00"):
                yield plain.replace("..", dots)
            for slash in ("%2f", "%2F", "%252f", "\\", "%5c", "//", "/./", "%2f/", ";/", "%00/", "%0a/", "%23/", "%3f/"):
                yield plain.replace("/", slash)
            yield from ("a/../" + plain, "kept.txt/" + plain, "%2e%2e%2f" * count + tail.replace("/", "%2f"),
                        "link/" + plain, "file:" + plain, "file%3a" + plain)
    for end in ("", "/", "/canary.txt", "/deep", "/new.txt"):
        path = outside + end
        yield from (path, "/" + path, "%2f" + path[1:], "%252f" + path[1:], "//" + path, "file://" + path,
                    "file:" + path, "file%3a//" + path, "file://localhost" + path, "FILE:" + path, "fi%09le:" + path,
                    "%5c" + path, "C:" + path, "mlflow-artifacts:" + path, "mlflow-artifacts:/" + path,
                    path.replace("/", "%2f"), path.replace("/", "%252f"))
    for link in ("link", "link/", "link/.", "link/canary.txt", "link%2fcanary.txt", "link/new.txt", "link/deep/canary.txt",
                 "link.txt", "link/../canary.txt", "up/outside/canary.txt", "up/canary.txt", "up/server/canary.txt", "up"):
        yield link
    yield from (".", "./", "..", "../", "%2e", "%2e%2e", "", "/", "//", "%2f", "%00", "*", "~", "~root", "kept.txt%00.png",
                ".artifact.uploading.x", "0/..", "0/../.", "nobody/.", "a/./..")


def requests(world, path, surfaces):
    """Every route and verb with a path: method, target, body."""
    query = path.replace("&", "%26").replace("#", "%23")
    text = json.dumps({"path": path, "num_parts": 1, "upload_id": "u", "parts": []}).encode()
    for api in surfaces:
        for method in ("GET", "HEAD", "PUT", "DELETE", "POST", "PATCH", "OPTIONS"):
            yield method, f"{api}{PROXY}/{path}", b"intruder" if method == "PUT" else b""
        yield "GET", f"{api}{PROXY}?path={query}", b""
        for step in ("create", "complete", "abort"):
            yield "POST", f"{api}mlflow-artifacts/mpu/{step}/{path}", text
            yield "POST", f"{api}mlflow-artifacts/mpu/{step}/a", text
        yield "GET", f"{api}mlflow-artifacts/presigned/{path}", b""
        yield "GET", f"{api}mlflow/artifacts/list?run_id={world.run_id}&path={query}", b""
        yield "GET", f"{api}mlflow/artifacts/list?run_id={query}&path=", b""
        for kind in ("upload", "download"):
            yield "POST", f"{api}mlflow/artifacts/presigned-{kind}-url", json.dumps(
                {"run_id": world.run_id, "path": path}).encode()
        yield "GET", f"{api}mlflow/logged-models/{world.model_id}/artifacts/directories?artifact_directory_path={query}", b""
        yield "GET", f"{api}mlflow/logged-models/{path}/artifacts/directories", b""
    ajax = "/ajax-api/2.0/mlflow"
    yield "GET", f"{ajax}/logged-models/{world.model_id}/artifacts/files?artifact_file_path={query}", b""
    yield "POST", f"{ajax}/upload-artifact?run_uuid={world.run_id}&path={query}", b"intruder"
    for method in ("GET", "HEAD"):
        yield method, f"/get-artifact?run_id={world.run_id}&path={query}", b""
        yield method, f"/get-artifact?run_uuid={query}&path=canary.txt", b""
        yield method, f"/model-versions/get-artifact?name=n&version=1&path={query}", b""


def assert_tells_nothing(world, method, target, body=b""):
    status, answer = world.send(method, target, body, "application/octet-stream" if body == b"intruder" else
                                "application/json")
    assert SECRET.encode() not in answer and UNLISTED.encode() not in answer, (method, target, status, answer[:300])
    assert status != 500, (method, target, answer[:300])
    return status


def test_nothing_outside_is_read_or_touched(world):
    sent = 0
    for number, path in enumerate(hostile(world)):
        surfaces = [("/api/2.0/", "/ajax-api/2.0/")[number % 2]]  # one table serves both
        for method, target, body in requests(world, path, surfaces):
            if " " in target or "\n" in target:
                continue
            assert_tells_nothing(world, method, target, body)
            sent += 1
        if number % 10 == 0:
            world.assert_untouched()
    world.assert_untouched()
    print(f"{sent} requests")
    # The server is well, and the ways in are open to good paths.
    assert world.send("GET", f"/api/2.0/{PROXY}/kept.txt") == (200, b"kept")
    assert world.send("GET", f"/get-artifact?run_id={world.run_id}&path=kept.txt") == (200, b"kept")
    assert world.send("GET", "/model-versions/get-artifact?name=n&version=1&path=kept.txt") == (200, b"kept")


def test_stored_locations_lead_nowhere_else(world):
    """Experiments and versions may be made with any location; artifacts are served from the roots alone."""
    rest = Rest(world.server)
    outside = str(world.folder / "outside")
    locations = [outside, f"file://{outside}", f"file://localhost{outside}", f"file:{outside}", "/", "file:///",
                 "mlflow-artifacts:/../../outside", "mlflow-artifacts:/../mlartifacts-other", "mlflow-artifacts:/..",
                 "mlflow-artifacts:/%2e%2e/%2e%2e/outside", "mlflow-artifacts:/link", "mlflow-artifacts:/up",
                 f"mlflow-artifacts:{outside}", f"mlflow-artifacts://host{outside}", "mlflow-artifacts:/a/../../..",
                 f"http://{world.server.host}:{world.server.port}/api/2.0/mlflow-artifacts/artifacts/../../outside",
                 "http://elsewhere/api/2.0/mlflow-artifacts/artifacts/%2e%2e/%2e%2e/outside",
                 f"{world.root}/../../outside", f"{world.root}/link", f"file://{world.root}/up/outside"]
    reached = 0
    for number, location in enumerate(locations):
        status, answer = rest.call("POST", "experiments/create", {"name": f"at {number}", "artifact_location": location})
        if status != 200:
            continue
        experiment = answer["experiment_id"]
        status, answer = rest.call("POST", "runs/create", {"experiment_id": experiment})
        if status != 200:
            continue
        run_id = answer["run"]["info"]["run_id"]
        model = rest.call("POST", "logged-models", {"experiment_id": experiment, "name": "m"})[1]
        model_id = model.get("model", {}).get("info", {}).get("model_id", "none")
        rest.call("POST", "model-versions/create", {"name": "n", "source": location, "run_id": run_id})
        reached += 1
        for path in ("", "canary.txt", "../../canary.txt", "../../", "%2e%2e/%2e%2e/canary.txt", "new.txt", "."):
            for method, target, body in (
                    ("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run_id}&path={path}", b""),
                    ("GET", f"/get-artifact?run_id={run_id}&path={path}", b""),
                    ("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path={path}", b"intruder"),
                    ("GET", f"/api/2.0/mlflow/logged-models/{model_id}/artifacts/directories"
                            f"?artifact_directory_path={path}", b""),
                    ("GET", f"/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files?artifact_file_path={path}",
                     b""),
                    *(("GET", f"/model-versions/get-artifact?name=n&version={version}&path={path}", b"")
                      for version in range(1, 4))):
                assert_tells_nothing(world, method, target, body)
        world.assert_untouched()
    assert reached > 3
    rest.close()
