"""A registry made by MLflow's own store, with names, tags and stages that searches stumble over, and
random searches over it."""

import itertools
import random

from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore

IS_PROMPT = "mlflow.prompt.is_prompt"
NAMES = ["a", "A", "ab", "aB", "a_b", "a%b", "a'b", 'a"b', "a\\b", "é", "É", "ex", "zz", "mm", "MM", "m\x6d1",
         "\U0001F600", " a ", "fraud", "fraud_2", "Fraud", "fraud-10", "true", "\u00e9tude", "\uffff", "x" * 260]
TAG_KEYS = ["team", "Team", "k", "a b", "a.b", IS_PROMPT, "validation_status"]
TAG_VALUES = ["x", "X", "xy", "", "passed", "true", "True", "false", "é", "%", "x'y", "pending"]


def make_store(folder):
    store = SqlAlchemyStore(f"sqlite:///{folder}/registry.db")
    source = random.Random(7)
    prompts = {"zz", "MM", "fraud_2"}
    for name in NAMES + [f"model-{i:03}" for i in range(60)]:
        tags = {key: source.choice(TAG_VALUES) for key in TAG_KEYS if source.random() < 0.3}
        tags.pop(IS_PROMPT, None)
        if name in prompts:
            tags[IS_PROMPT] = "true"
        elif source.random() < 0.1:
            tags[IS_PROMPT] = source.choice(["TRUE", "false", "yes"])
        store.create_registered_model(name, [RegisteredModelTag(*tag) for tag in tags.items()])
        _make_versions(store, source, name, name in prompts)
    return store


def _make_versions(store, source, name, is_prompt):
    for _ in range(source.choice([0, 1, 3, 8])):
        tags = {key: source.choice(TAG_VALUES) for key in TAG_KEYS if source.random() < 0.3}
        tags.pop(IS_PROMPT, None)
        if is_prompt and source.random() < 0.7:
            tags[IS_PROMPT] = "true"
        elif source.random() < 0.05:
            tags[IS_PROMPT] = source.choice(["true", "TRUE", "false"])
        version = store.create_model_version(
            name, source.choice(["s3://b/p", "S3://b/p", "dummy-source", ""]),
            run_id=source.choice([None, "", "r1", "R1", "r2"]),
            tags=[ModelVersionTag(*tag) for tag in tags.items()],
        ).version
        if source.random() < 0.1:
            store.delete_model_version(name, version)
        elif source.random() < 0.3:
            store.transition_model_version_stage(name, version, "Staging", False)


def _quoted(text):
    return '"' + text + '"' if "'" in text else "'" + text + "'"


def _pattern(source, text):
    cut = source.randrange(len(text) + 1)
    return source.choice([text, text[:cut] + "%", "%" + text[cut:], text[:cut] + "_" + text[cut + 1:], "%",
                          text.upper(), text[:cut] + "%" + text[cut:]])


def _condition(source, keys, key, texts):
    op = source.choice(["=", "=", "!=", "LIKE", "ilike", "IN", "NOT IN", "="])
    if op in ("IN", "NOT IN"):
        return f"{key} {op} ({', '.join(repr(source.choice(texts)) for _ in range(source.randint(1, 4)))})"
    text = source.choice(texts)
    return f"{key} {op} {_quoted(_pattern(source, text) if 'like' in op.lower() else text)}"


def _tag_condition(source):
    key = source.choice(TAG_KEYS)
    op = source.choice(["=", "=", "!=", "LIKE", "ILIKE"])
    value = source.choice(TAG_VALUES)
    return f"tags.`{key}` {op} {_quoted(_pattern(source, value) if 'LIKE' in op else value)}"


def searches(seed, count, versions):
    """(filter, order_by, max_results, offset) of random searches that are mostly valid."""
    source = random.Random(seed)
    order_keys = ["name", "last_updated_timestamp"] + (
        ["version_number", "creation_timestamp"] if versions else ["timestamp"])
    for _ in range(count):
        conditions = []
        for _ in range(source.choice([0, 1, 1, 1, 2, 3, 4])):
            kind = source.random()
            if kind < 0.5:
                conditions.append(_tag_condition(source))
            elif versions and kind < 0.6:
                number = source.choice(["1", "2", "'3'", "0", "-1", "9223372036854775807", "1.5", "'x'"])
                conditions.append(f"version_number {source.choice(['=', '!=', '<', '>=', 'LIKE'])} {number}")
            elif versions and kind < 0.7:
                conditions.append(_condition(source, None, "run_id", ["r1", "R1", "", "r3"]))
            elif versions and kind < 0.75:
                conditions.append(_condition(source, None, "source_path", ["s3://b/p", "S3://b/p", ""]))
            else:
                conditions.append(_condition(source, None, "name", NAMES + ["model-010", "none"]))
        order = [source.choice(order_keys) + source.choice(["", " ASC", " DESC"])
                 for _ in range(source.choice([0, 0, 1, 1, 2, 3]))]
        yield " AND ".join(conditions), order, source.choice([1, 3, 20, 1000]), source.choice([0, 0, 0, 1, 7, 500])


def fixed_searches():
    """Prompts in every spelling, lists beside operators that take none, numbers out of range."""
    ops, values = ["=", "!=", "LIKE", "ILIKE"], ["true", "TRUE", "True", "false", "False", "no", "%"]
    prompt = [f"tags.`{IS_PROMPT}` {op} '{value}'" for op, value in itertools.product(ops, values)]
    filters = ["", *prompt, *(f"{a} AND {b}" for a, b in itertools.product(prompt[::3], prompt[::5])),
               *(f"tags.team = 'x' AND {one}" for one in prompt), f"tags.`{IS_PROMPT}` > 'a'",
               "name = ('a')", "name != ('a', 'b')", "name LIKE ('a')", "name ILIKE ('a',)",
               "name > 'a'", "name = 'a' AND tags.k < 'x'", "name LIKE '' ", "name LIKE 'a\\%'",
               "name LIKE '\uffff%'", "name LIKE '\U0010FFFF%'", "name LIKE '\uD7FF%'", "name = 'a' " * 300,
               "tags.k != 'none' " * 250, " ".join(f"tags.k{i} = 'x'" for i in range(50)),
               "name IN (" + "'a', " * 4000 + "'b')"]
    versions = ["version_number = 9223372036854775808", "version_number < -9223372036854775809",
                "version_number = 1e3", "version_number = ' 1 '", "run_id IN ('r1', 'r2')", "run_id = ('r1')",
                "source_path IN ('s3://b/p')", "name IN ('a', 'ab') AND version_number > 1"]
    orders = [[], ["name DESC"], ["last_updated_timestamp DESC"], ["name", "name"]]
    return [(one, order, 1000, 0) for one, order in itertools.product(filters, orders)], [
        (one, order, 1000, 0) for one, order in itertools.product(filters + versions, orders)]
