"""Artifacts beside somebody who may write into their folder: a run's folder and a link that leads out change places all the
time, and nothing outside is read, listed, written or deleted. Pipes in the folder hold nobody up."""

import ctypes
import http.client
import os
import subprocess
import sys

import pytest

from support.millrace_server import BINARY, MillraceServer, environment
from support.rest import Rest

SECRET = "the content of a file outside"
LIBC = ctypes.CDLL(None, use_errno=True)
HERE, EXCHANGE = -100, 2


def exchange(one, other):
    return LIBC.renameat2(HERE, os.fsencode(one), HERE, os.fsencode(other), EXCHANGE) == 0


@pytest.fixture
def world(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "f").write_text(SECRET)
    with MillraceServer(tmp_path, "--artifacts-destination", str(tmp_path / "mlartifacts")) as server:
        world = World(tmp_path, server)
        if not exchange(world.places[0], world.links[0]):
            pytest.skip("no exchange of names here")
        yield world


class World:
    """Runs whose artifacts lie in a local folder below the root, each with a link beside its folder."""

    def __init__(self, folder, server):
        self.folder, self.server, self.rest = folder, server, Rest(server)
        location = folder / "mlartifacts" / "local"
        experiment = self.rest.ok("POST", "experiments/create", {
            "name": "local", "artifact_location": str(location)})["experiment_id"]
        runs = [self.rest.ok("POST", "runs/create", {"experiment_id": experiment}) for _ in range(20)]
        self.runs = [run["run"]["info"]["run_id"] for run in runs]
        self.places = [location / run / "artifacts" for run in self.runs]
        self.links = [location / run / "link" for run in self.runs]
        for place, link in zip(self.places, self.links):
            place.mkdir(parents=True)
            (place / "f").write_text("inside")
            link.symlink_to(folder / "outside")

    def assert_untouched(self):
        assert os.listdir(self.folder / "outside") == ["f"]
        assert (self.folder / "outside" / "f").read_text() == SECRET


class Swapper:
    """Exchanges folders and links, in a process of its own."""

    def __init__(self, pairs):
        program = "import sys, test_artifact_races as races\nwhile True:\n    for pair in {!r}: races.exchange(*pair)"
        self.process = subprocess.Popen([sys.executable, "-c", program.format([(str(a), str(b)) for a, b in pairs])],
                                        cwd=os.path.dirname(__file__))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def test_requests(world):
    run, place, link = world.runs[0], world.places[0], world.links[0]
    client = http.client.HTTPConnection(world.server.host, world.server.port, timeout=60)

    def ask(method, target, body=None):
        client.request(method, target, body, {"Content-Type": "application/octet-stream"} if body else {})
        answer = client.getresponse()
        text = answer.read().decode()
        assert SECRET not in text and answer.status < 500, (answer.status, text)
        return answer.status

    statuses = {200: 0, 400: 0}
    with Swapper([(place, link)]):
        while min(statuses.values()) < 300:
            for status in (ask("GET", f"/get-artifact?run_id={run}&path=f"),
                           ask("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=new/g", "intruder"),
                           ask("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run}")):
                statuses[status] = statuses.get(status, 0) + 1
    world.assert_untouched()


def test_gc(world):
    for run in world.runs:
        world.rest.ok("POST", "runs/delete", {"run_id": run})
    with Swapper(list(zip(world.places, world.links))):
        for _ in range(3):
            done = subprocess.run([BINARY, "gc", "--backend-store-uri", world.server.store_uri, "--artifacts-destination",
                                   str(world.folder / "mlartifacts")], capture_output=True, text=True, env=environment())
            assert done.returncode in (0, 1), done.stderr
            world.assert_untouched()
    world.rest.close()


def test_pipes_hold_nobody_up(world):
    place = world.folder / "mlartifacts"
    for name in ("pipe", ".artifact.uploading.pipe", ".artifact.uploading.millrace-pipe"):
        os.mkfifo(place / name)
    client = http.client.HTTPConnection(world.server.host, world.server.port, timeout=60)
    client.request("GET", "/api/2.0/mlflow-artifacts/artifacts/pipe")
    answer = client.getresponse()
    assert (answer.status, b"No such artifact: 'pipe'" in answer.read()) == (404, True)
    # The cleaner of uploads begins with the server, which waits for it at its end.
    world.server.restart()
    world.server.restart()
