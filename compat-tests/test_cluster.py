"""Replicas, each on a node of its own of a Galera cluster: one of them makes the schema, and what they change at once holds."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from support.catalogs import ours, read_catalog, without_ours
from support.database_servers import Galera
from support.millrace_server import BINARY, MillraceServer, environment
from support.rest import Rest

# Each start is another race: a Galera node may hang for good when two nodes define the same trigger at once.
ROUNDS = 12


@pytest.fixture(scope="module")
def cluster():
    with Galera(3, "innodb-flush-log-at-trx-commit=0") as galera:
        yield galera


@pytest.fixture(scope="module")
def made_by_one(cluster, tmp_path_factory):
    """The catalog of a database that a replica had to itself; test_schema.py shows that it is MLflow's."""
    uri = cluster.create_database()[0]
    with MillraceServer(tmp_path_factory.mktemp("one"), store_uri=uri):
        pass
    return catalog_on(cluster, 0, uri)


def on_each_node(cluster, folder):
    """Replicas on one empty database."""
    return [MillraceServer(folder / str(number), store_uri=uri) for number, uri in enumerate(cluster.create_database())]


def ask(cluster, number, uri, sql):
    """One node, once it has all that the others have; what it answers."""
    return cluster.nodes[number].query(f"SET SESSION wsrep_sync_wait = 15; {sql}", uri.rsplit("/", 1)[1])


def catalog_on(cluster, number, uri):
    ask(cluster, number, uri, "SHOW TABLES")
    return read_catalog(cluster.nodes[number], uri)


def wait_until_ready(replica, seconds=60):
    until = time.monotonic() + seconds
    while not replica.answers():
        assert replica.process.poll() is None and time.monotonic() < until, replica.log()
        time.sleep(0.01)


def assert_made_once(cluster, replicas, expected):
    """The same tables on each node, and a lock that its last holder has given up."""
    for number, replica in enumerate(replicas):
        assert without_ours(catalog_on(cluster, number, replica.store_uri)) == without_ours(expected)
    assert ask(cluster, 0, replicas[0].store_uri, "SELECT holder FROM millrace_schema_lock") == "\n"


def start_and_stop(replicas):
    """All at once; returns how many of them waited for another."""
    try:
        for replica in replicas:
            replica.launch()
        for replica in replicas:
            wait_until_ready(replica)
    finally:
        codes = [replica.stop() for replica in replicas]
    assert codes == [0] * len(replicas)
    return sum("Waiting for a process on another node" in replica.log() for replica in replicas)


def detach(uri):
    done = subprocess.run([BINARY, "db", "detach", uri], capture_output=True, text=True, timeout=120, env=environment())
    assert done.returncode == 0, done.stderr


def test_replicas_that_start_at_once_make_the_schema_once(cluster, made_by_one, tmp_path):
    waited = 0
    for round_ in range(ROUNDS):
        replicas = on_each_node(cluster, tmp_path / str(round_))
        waited += start_and_stop(replicas)
        assert_made_once(cluster, replicas, made_by_one)
        # And on MLflow's tables they make what Millrace adds.
        uri = replicas[0].store_uri
        detach(uri)
        assert ours(catalog_on(cluster, 0, uri)) == set()
        start_and_stop(replicas)
        assert catalog_on(cluster, 2, replicas[2].store_uri) == made_by_one
    assert waited > 0, "none came while another made the schema"


def killed_in_the_midst(cluster, folder):
    """Replicas of which the first one was killed while it made the schema."""
    for attempt in range(10):
        replicas = on_each_node(cluster, folder / str(attempt))
        node, database = cluster.nodes[0], replicas[0].store_uri.rsplit("/", 1)[1]
        replicas[0].launch()
        until = time.monotonic() + 60
        while len(node.query("SHOW TABLES", database).split()) < 10:
            assert replicas[0].process.poll() is None and time.monotonic() < until, replicas[0].log()
        replicas[0].kill()
        if "millrace_unfinished_schema" in node.query("SHOW TABLES", database):
            return replicas
    raise AssertionError("every kill came too late")


def test_what_a_killed_replica_began_another_completes(cluster, made_by_one, tmp_path):
    replicas = killed_in_the_midst(cluster, tmp_path)
    start_and_stop(replicas[1:])
    assert_made_once(cluster, replicas, made_by_one)


def test_detach_leaves_nothing_of_ours(cluster, made_by_one, tmp_path):
    uri = cluster.create_database()[1]
    with MillraceServer(tmp_path, store_uri=uri):
        pass
    detach(uri)
    assert catalog_on(cluster, 1, uri) == without_ours(made_by_one)


RACES = 200  # rounds of each race; a row lock that only its node knows lets one of twenty through


@pytest.fixture
def replicas(cluster, tmp_path):
    started = on_each_node(cluster, tmp_path)
    for replica in started:
        replica.start()
    yield started
    assert [replica.stop() for replica in started] == [0] * len(started)


def at_once(pool, calls):
    """The status of each of (Rest, method, path, body), all asked for at the same moment."""
    barrier = Barrier(len(calls))

    def ask_one(call):
        rest, *request = call
        barrier.wait(60)
        return rest.call(*request)[0]

    return list(pool.map(ask_one, calls))


def test_one_version_is_in_production_whatever_else_is_changed(replicas):
    clients = [Rest(replica) for replica in replicas for _ in range(2)]
    clients[0].ok("POST", "registered-models/create", {"name": "m"})
    for _ in range(2):
        clients[0].ok("POST", "model-versions/create", {"name": "m", "source": "s3://b/p"})
    move = {"name": "m", "stage": "Production", "archive_existing_versions": True}
    with ThreadPoolExecutor(len(clients)) as pool:
        for _ in range(RACES):
            for version in "12":
                clients[0].ok("POST", "model-versions/transition-stage",
                              {"name": "m", "version": version, "stage": "None"})
            codes = at_once(pool, [
                (clients[0], "POST", "model-versions/transition-stage", {**move, "version": "1"}),
                (clients[1], "PATCH", "registered-models/update", {"name": "m", "description": "x"}),
                (clients[2], "POST", "model-versions/transition-stage", {**move, "version": "2"}),
                (clients[3], "POST", "model-versions/create", {"name": "m", "source": "s3://b/p"}),
                (clients[4], "POST", "model-versions/create", {"name": "m", "source": "s3://b/p"}),
                (clients[5], "PATCH", "registered-models/update", {"name": "m", "description": "y"})])
            assert codes == [200] * len(codes)
            stages = [clients[4].ok("GET", f"model-versions/get?name=m&version={version}")["model_version"]
                      ["current_stage"] for version in "12"]
            assert sorted(stages) == ["Archived", "Production"]


def test_no_alias_lands_on_a_version_that_another_replica_deletes(replicas):
    one, other, third = map(Rest, replicas)
    one.ok("POST", "registered-models/create", {"name": "m"})
    with ThreadPoolExecutor(2) as pool:
        for _ in range(RACES):
            version = one.ok("POST", "model-versions/create", {"name": "m", "source": "s3://b/p"})["model_version"]["version"]
            codes = at_once(pool, [
                (one, "POST", "registered-models/alias", {"name": "m", "alias": "a", "version": version}),
                (other, "DELETE", "model-versions/delete", {"name": "m", "version": version})])
            assert codes[1] == 200 and codes[0] in (200, 404)
            assert "aliases" not in third.ok("GET", "registered-models/get?name=m")["registered_model"]


def test_a_client_may_change_the_replica_between_two_calls(replicas):
    def work(number):
        clients = [Rest(replica) for replica in replicas]
        for round_ in range(RACES // 4):
            name = f"m{number}-{round_}"
            for step, (method, path, body) in enumerate([
                    ("POST", "registered-models/create", {"name": name}),
                    ("POST", "model-versions/create", {"name": name, "source": "s3://b/p"}),
                    ("POST", "model-versions/transition-stage", {"name": name, "version": "1", "stage": "Production"}),
                    ("POST", "model-versions/set-tag", {"name": name, "version": "1", "key": "k", "value": "v"}),
                    ("POST", "registered-models/rename", {"name": name, "new_name": name + "r"}),
                    ("PATCH", "registered-models/update", {"name": name + "r", "description": "d"}),
                    ("DELETE", "registered-models/delete", {"name": name + "r"})]):
                clients[(round_ + step) % len(clients)].ok(method, path, body)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
