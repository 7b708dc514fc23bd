"""Replicas on a Galera cluster, each on a node of its own, and races of changes through them.

Each race is run for some rounds and tells how many of them ended as none may, and all answers.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier

from support.millrace_server import MillraceServer
from support.rest import Rest


@dataclass
class Outcome:
    rounds: int = 0
    wrong: int = 0  # rounds that ended as none may
    answers: Counter = field(default_factory=Counter)  # by path and status
    refused: dict = field(default_factory=dict)  # one message of each answer that is not 200

    def note(self, answers):
        for path, status, message in answers:
            self.answers[path, status] += 1
            if status != 200:
                self.refused.setdefault((path, status), message)


def on_each_node(cluster, folder):
    """Replicas on one empty database."""
    return [MillraceServer(folder / str(number), store_uri=uri) for number, uri in enumerate(cluster.create_database())]


def ask(cluster, number, uri, sql):
    """One node, once it has all that the others have; what it answers."""
    return cluster.nodes[number].query(f"SET SESSION wsrep_sync_wait = 15; {sql}", uri.rsplit("/", 1)[1])


def at_once(pool, calls):
    """The answer to each of (Rest, method, path, body), all asked for at the same moment."""
    barrier = Barrier(len(calls))

    def ask_one(call):
        barrier.wait(60)
        return answer_to(*call)

    return list(pool.map(ask_one, calls))


def answer_to(rest, method, path, body):
    """The path, the status, and the message if there is one."""
    status, answer = rest.call(method, path, body)
    return path, status, answer.get("message", "")


MODEL_ROUNDS = 500  # after which another model is taken: what archives looks at all versions


def move_to_production(replicas, rounds):
    """Two nodes move a version each to Production while versions are created and a description is changed.

    Wrong is a round after which not one of the two is in Production and the other one archived.
    """
    clients = [Rest(replica) for replica in replicas for _ in range(2)]
    outcome = Outcome(rounds)
    with ThreadPoolExecutor(len(clients)) as pool:
        for round_ in range(rounds):
            name = f"m{round_ // MODEL_ROUNDS}"
            _prepare_versions(clients[0], name, new=round_ % MODEL_ROUNDS == 0)
            move = {"name": name, "stage": "Production", "archive_existing_versions": True}
            create = ("POST", "model-versions/create", {"name": name, "source": "s3://b/p"})
            outcome.note(at_once(pool, [
                (clients[0], "POST", "model-versions/transition-stage", {**move, "version": "1"}),
                (clients[1], "PATCH", "registered-models/update", {"name": name, "description": "x"}),
                (clients[2], "POST", "model-versions/transition-stage", {**move, "version": "2"}),
                (clients[3], *create),
                (clients[4], *create),
                (clients[5], "PATCH", "registered-models/update", {"name": name, "description": "y"})]))
            stages = [clients[4].ok("GET", f"model-versions/get?name={name}&version={version}")["model_version"]
                      ["current_stage"] for version in "12"]
            outcome.wrong += sorted(stages) != ["Archived", "Production"]
    return outcome


def _prepare_versions(client, name, new):
    """Two versions in no stage: of a new model, or of what the last round left."""
    if new:
        client.ok("POST", "registered-models/create", {"name": name})
    for version in "12":
        if new:
            client.ok("POST", "model-versions/create", {"name": name, "source": "s3://b/p"})
        else:
            client.ok("POST", "model-versions/transition-stage", {"name": name, "version": version, "stage": "None"})


def set_alias_on_deleted_version(replicas, rounds):
    """An alias is set on one node while its version is deleted on another; wrong is an alias that is there afterwards."""
    one, other, third = map(Rest, replicas)
    outcome = Outcome(rounds)
    one.ok("POST", "registered-models/create", {"name": "m"})
    with ThreadPoolExecutor(2) as pool:
        for _ in range(rounds):
            made = one.ok("POST", "model-versions/create", {"name": "m", "source": "s3://b/p"})["model_version"]
            outcome.note(at_once(pool, [
                (one, "POST", "registered-models/alias", {"name": "m", "alias": "a", "version": made["version"]}),
                (other, "DELETE", "model-versions/delete", {"name": "m", "version": made["version"]})]))
            if "aliases" in third.ok("GET", "registered-models/get?name=m")["registered_model"]:
                outcome.wrong += 1
                one.ok("DELETE", "registered-models/alias", {"name": "m", "alias": "a"})
    return outcome


def change_replica_between_calls(replicas, rounds, clients=4):
    """Clients each of whose calls goes to another replica than the last one; wrong is a chain that ended early."""
    outcome = Outcome(rounds)

    def work(number):
        connections = [Rest(replica) for replica in replicas]
        return [_chain_of_calls(connections, f"m{round_}", round_) for round_ in range(number, rounds, clients)]

    with ThreadPoolExecutor(clients) as pool:
        for chains in pool.map(work, range(clients)):
            for answers in chains:
                outcome.note(answers)
                outcome.wrong += answers[-1][1] != 200
    return outcome


def _chain_of_calls(connections, name, first):
    """The answer to each call, up to the first that is refused."""
    answers = []
    for step, call in enumerate([
            ("POST", "registered-models/create", {"name": name}),
            ("POST", "model-versions/create", {"name": name, "source": "s3://b/p"}),
            ("POST", "model-versions/transition-stage", {"name": name, "version": "1", "stage": "Production"}),
            ("POST", "model-versions/set-tag", {"name": name, "version": "1", "key": "k", "value": "v"}),
            ("POST", "registered-models/rename", {"name": name, "new_name": name + "r"}),
            ("PATCH", "registered-models/update", {"name": name + "r", "description": "d"}),
            ("DELETE", "registered-models/delete", {"name": name + "r"})]):
        answers.append(answer_to(connections[(first + step) % len(connections)], *call))
        if answers[-1][1] != 200:
            break
    return answers


def create_in_deleted_experiment(cluster, replicas, rounds):
    """Runs and a logged model are created on one node while their experiment is deleted on another.

    Wrong is a round that left an active run in a deleted experiment. Returns also how many runs those are, and how many
    logged models are younger than the delete, which leaves older ones as they are.
    """
    clients = [Rest(replicas[0]) for _ in range(4)]
    other = Rest(replicas[1])
    outcome = Outcome(rounds)
    with ThreadPoolExecutor(len(clients) + 1) as pool:
        for round_ in range(rounds):
            experiment = clients[0].ok("POST", "experiments/create", {"name": f"e{round_}"})
            outcome.note(at_once(pool, [
                *((client, "POST", "runs/create", experiment) for client in clients[1:]),
                (clients[0], "POST", "logged-models", {**experiment, "name": "model"}),
                (other, "POST", "experiments/delete", experiment)]))
    deleted = "JOIN experiments e USING (experiment_id) WHERE e.lifecycle_stage = 'deleted'"
    outcome.wrong, runs, models = (int(ask(cluster, 0, replicas[0].store_uri, sql)) for sql in (
        f"SELECT COUNT(DISTINCT experiment_id) FROM runs r {deleted} AND r.lifecycle_stage = 'active'",
        f"SELECT COUNT(*) FROM runs r {deleted} AND r.lifecycle_stage = 'active'",
        f"SELECT COUNT(*) FROM logged_models m {deleted} AND m.creation_timestamp_ms > e.last_update_time"))
    return outcome, runs, models
