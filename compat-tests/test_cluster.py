"""Replicas that start at once, each on a node of its own of a Galera cluster: one of them makes the schema."""

import subprocess
import time

import pytest

from catalogs import ours, read_catalog, without_ours
from database_servers import Galera
from millrace_server import BINARY, MillraceServer, environment

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
    return read_catalog(cluster.nodes[0], uri)


def on_each_node(cluster, folder):
    """Replicas on one empty database, once it is on every node."""
    uris = cluster.create_database()
    for node in cluster.nodes:
        assert node.query("SET SESSION wsrep_sync_wait = 1; SHOW TABLES", uris[0].rsplit("/", 1)[1]) == ""
    return [MillraceServer(folder / str(number), store_uri=uri) for number, uri in enumerate(uris)]


def wait_until_ready(replica, seconds=60):
    until = time.monotonic() + seconds
    while not replica.answers():
        assert replica.process.poll() is None and time.monotonic() < until, replica.log()
        time.sleep(0.01)


def assert_same_everywhere(cluster, replicas, expected):
    for node, replica in zip(cluster.nodes, replicas):
        catalog = without_ours(read_catalog(node, replica.store_uri))
        assert catalog == without_ours(expected)


def start_and_stop(replicas):
    """All at once."""
    try:
        for replica in replicas:
            replica.launch()
        for replica in replicas:
            wait_until_ready(replica)
    finally:
        codes = [replica.stop() for replica in replicas]
    assert codes == [0] * len(replicas)


def detach(uri):
    done = subprocess.run([BINARY, "db", "detach", uri], capture_output=True, text=True, timeout=120, env=environment())
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_replicas_that_start_at_once_make_the_schema_once(cluster, made_by_one, tmp_path, round_):
    replicas = on_each_node(cluster, tmp_path)
    start_and_stop(replicas)
    assert_same_everywhere(cluster, replicas, made_by_one)
    # And on MLflow's tables they make what Millrace adds.
    uri = replicas[0].store_uri
    detach(uri)
    assert ours(read_catalog(cluster.nodes[0], uri)) == set()
    start_and_stop(replicas)
    assert read_catalog(cluster.nodes[2], replicas[2].store_uri) == made_by_one


def killed_in_the_midst(cluster, folder):
    """Replicas of which the first one was killed while it made the schema."""
    for attempt in range(10):
        replicas = on_each_node(cluster, folder / str(attempt))
        node, database = cluster.nodes[0], replicas[0].store_uri.rsplit("/", 1)[1]
        replicas[0].launch()
        while len(node.query("SHOW TABLES", database).split()) < 10:
            assert replicas[0].process.poll() is None, replicas[0].log()
        replicas[0].kill()
        if "millrace_unfinished_schema" in node.query("SHOW TABLES", database):
            return replicas
    raise AssertionError("every kill came too late")


def test_what_a_killed_replica_began_another_completes(cluster, made_by_one, tmp_path):
    replicas = killed_in_the_midst(cluster, tmp_path)
    start_and_stop(replicas[1:])
    assert_same_everywhere(cluster, replicas, made_by_one)


def test_detach_leaves_nothing_of_ours(cluster, made_by_one, tmp_path):
    uri = cluster.create_database()[1]
    with MillraceServer(tmp_path, store_uri=uri):
        pass
    detach(uri)
    assert read_catalog(cluster.nodes[1], uri) == without_ours(made_by_one)
