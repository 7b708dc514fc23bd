"""No request costs more than in proportion to its size.

Every route of the table gets values of every nasty kind (support/growing_requests.py) in every text that it takes, of some
length and of four times that, and what they cost is counted in instructions, which are the same in each run, unlike times.
Four times the length may cost eight times as much. All kinds of values for one text are counted together first, which hides
nothing that costs more than they do; only where that grows too fast the kinds that cost enough are counted alone, and named.
"""

import json
import os
import pathlib
import shutil
import subprocess

import pytest
from support.growing_requests import Route, World, request, routes

ROOT = pathlib.Path(__file__).parent.parent
SIZE = 500  # bytes
FACTOR = 8  # of cost for four times the size
FACTOR_TOGETHER = 6
# Of texts whose work is bounded otherwise: sqlparse moves the tokens of a filter, and gives up at 10,000 of them.
BOUNDED = {"filter": 10}
FLOOR = 1_000_000  # instructions, below which nothing is worth a look

pytestmark = [
    pytest.mark.sqlite,
    pytest.mark.skipif(shutil.which("valgrind") is None, reason="needs valgrind"),
]


class Counter:
    """The server's one road in a process whose instructions valgrind counts."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "artifacts").mkdir()
        program = folder / "request_cost"  # without what a debugger wants, which valgrind would read at each count
        built = os.environ.get("REQUEST_COST", ROOT / "build" / "release" / "request_cost")
        subprocess.run(["objcopy", "--strip-debug", built, program], check=True)
        self.counts = 0
        self.process = subprocess.Popen(
            ["valgrind", "-q", "--tool=callgrind", "--dump-line=no", f"--callgrind-out-file={folder}/cost", program,
             folder / "artifacts"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def __call__(self, *requests):
        """The instructions that the requests take, and the replies."""
        self.process.stdin.write(f"{len(requests)}\n".encode() + b"".join(requests))
        self.process.stdin.flush()
        replies = json.loads(self.process.stdout.readline())
        self.counts += 1
        dump = self.folder / f"cost.{self.counts}"
        total = next(line for line in reversed(dump.read_text().splitlines()) if line.startswith("totals: "))
        dump.unlink()
        return int(total.split()[1]), replies

    def close(self):
        self.process.stdin.close()
        assert self.process.wait() == 0


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    counter = Counter(tmp_path_factory.mktemp("growth"))
    yield counter
    counter.close()


@pytest.fixture(scope="module")
def world(counter):
    """A run, a logged model, and a registered model m with a version, an alias and a tag."""

    def made(path, body):
        reply = counter(request("POST", f"/api/2.0/mlflow/{path}", body))[1][0]
        assert reply["status"] == 200, reply
        return json.loads(reply["body"])

    run_id = made("runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
    model_id = made("logged-models", {"experiment_id": "0", "name": "l"})["model"]["info"]["model_id"]
    made("registered-models/create", {"name": "m", "tags": [{"key": "k", "value": "v"}]})
    made("model-versions/create", {"name": "m", "source": "s3://b/a", "run_id": run_id})
    made("registered-models/alias", {"name": "m", "alias": "champion", "version": "1"})
    return World(run_id, model_id)


def growth(counter, cases):
    """What the growth to four times the size costs, and how many times as much that is as the same growth before it."""
    small, once, four_times = (counter(*[case(size) for case in cases])[0] for size in (SIZE // 4, SIZE, 4 * SIZE))
    return four_times - once, (four_times - once) / max(once - small, FLOOR / FACTOR)


def test_four_times_the_size_costs_four_times_as_much(counter, world):
    faults = []
    unknown = []
    for handler, method, address in routes():
        route = Route(handler, method, address, world)
        if not route.is_known:
            unknown.append(f"{method} {address}")
        counter(route.base())  # statements are prepared, tables of the program are made
        for about, cases in route.cases():
            cost, factor = growth(counter, list(cases.values()))
            if cost <= FLOOR or factor <= FACTOR_TOGETHER:
                continue
            for kind, case in cases.items():
                if counter(case(4 * SIZE))[0] <= FLOOR:
                    continue
                cost, factor = growth(counter, [case])
                if cost > FLOOR and factor > BOUNDED.get(about.split(" ")[-1], FACTOR):
                    faults.append(f"{about}, {kind}: {factor:.1f} times, {cost / 1e6:.1f} million instructions")
    assert not unknown, "which texts do these take? (support/growing_requests.py, OTHER_TEXTS)"
    assert not faults, "\n".join(faults)
