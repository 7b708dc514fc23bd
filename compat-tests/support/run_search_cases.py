"""Filters, order_by texts and whole searches of runs for the comparison with MLflow's own code."""

import itertools
import random

from support.search_cases import DIRECTIONS, JOINERS, OPERATORS, VALUES, WHOLE, mutated

KEYS = ["metrics.m", "metric.m", "metrics.`m x`", 'metrics."m-y"', "metrics.m.y", "metrics.created", "Metrics.m",
        "`metrics`.m", "params.p", "param.p", "parameter.p", "parameters.p", "params.`p q`", "params.'p'", "tags.t",
        "tag.t", "tags.`mlflow.runName`", 'tags."a b"', "tags.Created", "tags.", "tags.é", "run_id", "run_name",
        '"run name"', "`Run name`", "'Run Name'", "Run_name", "status", "user_id", "artifact_uri", "start_time",
        "end_time", "created", "Created", "attribute.created", "attributes.run_id", "attr.status", "run.start_time",
        "run.`run name`", "attributes.`Run Name`", "`attribute`.status", "lifecycle_stage", "experiment_id", "run_uuid",
        "attribute.name", "dataset.name", "datasets.digest", "datasets.context", "dataset.`context`", "dataset.source",
        "dataset.profile", "datasets.Name", "model.x", "metrics", "x.y", ".t", "order", "timestamp", "5", "'run_id'",
        "tags.order", "metrics.t2", "params.a.b", "key.a"]
ORDER_KEYS = ["start_time", "end_time", "created", "Created", "run_id", "run_name", "status", "user_id", "artifact_uri",
              "attribute.start_time", "attributes.`run_id`", "run.created", "metrics.m", "metric.`m x`", "params.p",
              "param.`p q`", "parameters.p", "tags.t", 'tags."a b"', "tags.`mlflow.runName`", "dataset.name",
              "datasets.source", "run name", "`run name`", "lifecycle_stage", "model.x", "timestamp", "metrics.",
              "metrics.created", "metrics.m.y", "attr.status", "", "5", "metrics.'m'", "'metrics.m'", "metrics.m-y",
              "`metrics`.m", "\\", "'", "`", '"', "m'x", "metrics.\\m", "date", "order", "é.é"]


def run_filters(seed, count):
    source = random.Random(seed)
    result = list(WHOLE)
    result += [f"{key} {op} 'x'" for key, op in itertools.product(KEYS, OPERATORS)]
    result += [f"{key} {op} 1" for key, op in itertools.product(KEYS, OPERATORS)]
    result += [f"{key} {op}" for key, op in itertools.product(KEYS, ["IS NULL", "is not null", "IS", "= NULL"])]
    result += [f"{key} {op} {value}" for key, op, value in itertools.product(
        ["metrics.m", "params.p", "tags.t", "run_id", "run_name", "start_time", "dataset.name"], ["=", "LIKE", "IN", "<"],
        VALUES)]
    for _ in range(count):
        parts = []
        for _ in range(source.choice([1, 1, 2, 2, 3, 5])):
            blank = source.choice(["", " ", " ", "\n"])
            parts.append(source.choice(KEYS) + blank + source.choice(OPERATORS) + source.choice(["", " "])
                         + source.choice(VALUES))
            parts.append(source.choice(JOINERS) if source.random() < 0.4 else " AND ")
        text = "".join(parts[:-1])
        result.append(mutated(source, text) if source.random() < 0.5 else text)
    return result


def run_orders(seed, count):
    source = random.Random(seed)
    items = [word + direction for word, direction in itertools.product(ORDER_KEYS, DIRECTIONS)]
    result = [[item] for item in items] + [[]] + [[" " + word] for word in ORDER_KEYS]
    good = ["start_time", "created DESC", "run_id", "metrics.m desc", "params.m", "tags.m", "metrics.`m`", "attribute.run_id",
            "metrics.created", "metrics.start_time"]
    result += [list(pair) for pair in itertools.product(good, repeat=2)]
    for _ in range(count):
        item = source.choice(items)
        result.append([source.choice(good)] * (source.random() < 0.3) + [mutated(source, item)])
    return result


def _quoted(text):
    return '"' + text + '"' if "'" in text else "'" + text + "'"


def _text_condition(source, key, texts, lists=False):
    op = source.choice(["=", "=", "!=", "LIKE", "ilike", "ILIKE"] + ["IN", "NOT IN"] * lists)
    if "IN" in op.split():
        return f"{key} {op} ({', '.join(repr(source.choice(texts)) for _ in range(source.randint(1, 4)))})"
    text = source.choice(texts)
    if "like" in op.lower():
        cut = source.randrange(len(text) + 1)
        text = source.choice([text, text[:cut] + "%", "%" + text[cut:], text[:cut] + "_" + text[cut + 1:], "%", text.upper()])
    return f"{key} {op} {_quoted(text)}"


def run_condition(source, world):
    """One condition that is right, over the names and values of a world."""
    kind = source.random()
    if kind < 0.3:
        value = source.choice(["0", "0.5", "1", "-1", "1e308", "-0.25", "3", ".5", "1e400", "12345678901234567890"])
        return f"metrics.`{source.choice(world.metrics)}` {source.choice(['=', '!=', '<', '<=', '>', '>='])} {value}"
    if kind < 0.45:
        return _text_condition(source, f"params.`{source.choice(world.params)}`", world.texts)
    if kind < 0.6:
        return _text_condition(source, f"tags.`{source.choice(world.tags)}`", world.texts)
    if kind < 0.68:
        table, key = source.choice([("params", source.choice(world.params)), ("tags", source.choice(world.tags))])
        return f"{table}.`{key}` IS {source.choice(['', 'NOT '])}NULL"
    if kind < 0.76:
        return _text_condition(source, f"datasets.{source.choice(['name', 'digest', 'context'])}", world.datasets, True)
    if kind < 0.84:
        value = source.choice(["0", "1000", "1001", "1003.5", "-5", "9223372036854775807"])
        return f"{source.choice(['start_time', 'end_time', 'created'])} {source.choice(['=', '!=', '<', '>='])} {value}"
    if kind < 0.9:
        return _text_condition(source, "run_id", world.run_ids, True)
    key, texts = source.choice([("status", ["RUNNING", "FINISHED", "running"]), ("user_id", ["u1", "U1", ""]),
                                ("artifact_uri", ["/1/", "%artifacts"]), ("run_name", world.texts)])
    return _text_condition(source, key, texts)


def run_searches(seed, count, world):
    """(filter, order_by, max_results, offset) of random searches that are mostly right."""
    source = random.Random(seed)
    keys = ["start_time", "end_time", "run_id", "run_name", "status", "user_id", "artifact_uri", "created"]
    keys += [f"metrics.`{key}`" for key in world.metrics] + [f"params.`{key}`" for key in world.params]
    keys += [f"tags.`{key}`" for key in world.tags]
    for _ in range(count):
        conditions = [run_condition(source, world) for _ in range(source.choice([0, 1, 1, 1, 2, 3]))]
        order = [source.choice(keys) + source.choice(["", " ASC", " DESC"]) for _ in range(source.choice([0, 0, 1, 1, 2, 3]))]
        yield " AND ".join(conditions), order, source.choice([1, 3, 20, 1000]), source.choice([0, 0, 0, 1, 7, 500])


def fixed_run_searches():
    filters = ["", "metrics.loss != 0", "metrics.loss = 0", "metrics.loss >= 0", "metrics.loss <= 0", "metrics.none != 1",
               "metrics.loss < 1e400", "metrics.loss > -1e400", "params.lr != 'x'", "tags.team != 'x'", "params.none IS NULL",
               "run_id = ('a')", "run_id != ('a', 'b')", "run_id LIKE ('a')", "datasets.name = ('a')",
               "datasets.context ILIKE ('a', 'b')", "start_time > 9223372036854775808", "start_time = 1001.0",
               "end_time != 5", "end_time >= 0", "run_name = 'one'", "run_name ILIKE 'ONE'", "run_name != 'one'",
               "tags.`mlflow.runName` LIKE '%'", "user_id = ''", "user_id != 'u1'", "params.lr LIKE ''",
               "params.lr LIKE '%\\%%'", " AND ".join(f"params.k{i} IS NULL" for i in range(50)),
               "run_id IN (" + "'a', " * 4000 + "'b')", "datasets.name IN ('train') AND datasets.context = 'eval'",
               "datasets.name = 'train' AND datasets.digest = 'd2'", "metrics.`start_time` > 0", "metrics.created > 0",
               "status = 'FINISHED' AND params.lr = '0.1' AND metrics.loss < 0.5"]
    orders = [[], ["start_time"], ["start_time DESC"], ["metrics.loss"], ["metrics.loss DESC"], ["params.lr"],
              ["tags.team DESC", "run_name"], ["metrics.loss", "metrics.loss"], ["end_time"], ["end_time DESC"],
              ["metrics.created"], ["run_name DESC", "start_time ASC"]]
    return [(one, order, 1000, 0) for one, order in itertools.product(filters, orders)]
