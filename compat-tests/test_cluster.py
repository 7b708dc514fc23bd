"""Replicas, each on a node of its own of a Galera cluster: one of them makes the schema, and what they change at once holds."""

import subprocess
import time

import pytest

from support import cluster_races
from support.catalogs import ours, read_catalog, without_ours
from support.cluster_races import ask, on_each_node
from support.database_servers import Galera
from support.millrace_server import BINARY, MillraceServer, environment

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


def assert_held(outcome, *refusals):
    """No round ended as none may, and no answer but these is a refusal."""
    assert outcome.wrong == 0
    assert outcome.answers and {key: text for key, text in outcome.refused.items() if key not in refusals} == {}


def test_one_version_is_in_production_whatever_else_is_changed(replicas):
    assert_held(cluster_races.move_to_production(replicas, RACES))


def test_no_alias_lands_on_a_version_that_another_replica_deletes(replicas):
    assert_held(cluster_races.set_alias_on_deleted_version(replicas, RACES), ("registered-models/alias", 404))


def test_a_client_may_change_the_replica_between_two_calls(replicas):
    assert_held(cluster_races.change_replica_between_calls(replicas, RACES))
