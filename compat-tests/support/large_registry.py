#!/usr/bin/env python3
"""Makes a large registry, the same every time: the schema as Millrace makes it, filled by plain inserts.

Usage, in compat-tests/: python -m support.large_registry FOLDER [--models N] [--prompts N] [--versions N]

FOLDER/mlflow.db is the database. One model in eleven of the default is a prompt; each model has --versions versions.
"""

import argparse
import sqlite3
from contextlib import closing

from support.millrace_server import MillraceServer

MODELS, PROMPTS, VERSIONS = 20_000, 2_000, 10  # VERSIONS: of each model and prompt
TEAMS = 200  # so that a team has one model in 200
BEGAN = 1_700_000_000_000  # ms


def model_name(number):
    """Numbers are scattered, so that neither names nor times come in the order of the rows."""
    return f"{('fraud', 'churn', 'price', 'route')[number % 4]}-model-{number * 7919 % 100_003:06}"


def prompt_name(number):
    return f"prompt-{number:05}"


def team(number):
    return f"team-{number % TEAMS:03}"


def fill(database, models=MODELS, prompts=PROMPTS, versions=VERSIONS):
    """Fills an empty registry of MLflow's schema."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")  # a new file: nothing in it can be lost
        for number in range(models):
            _add_model(connection, model_name(number), number, versions, [("team", team(number)), ("tier", "gold")],
                       _model_version_tags)
        for number in range(prompts):
            _add_model(connection, prompt_name(number), models + number, versions,
                       [("mlflow.prompt.is_prompt", "true")], _prompt_version_tags)


def _model_version_tags(number, version):
    status = ("passed", "pending", "failed")[(number + version) % 3]
    return [("validation_status", status), ("commit", f"{number * 1_000_003 + version:040x}")]


def _prompt_version_tags(number, version):
    return [("mlflow.prompt.is_prompt", "true"), ("mlflow.prompt.text", f"Summarize {number} in {version} words.")]


def _add_model(connection, name, number, versions, tags, version_tags):
    # Several models and all versions of one share a time, which leaves the order to the ties.
    created = BEGAN + number * 104_729 % 1_000_003 // 4
    connection.execute(
        "INSERT INTO registered_models (name, creation_time, last_updated_time, description) VALUES (?, ?, ?, ?)",
        (name, created, created + 50, f"What {name} is for, in a few words."))
    connection.executemany("INSERT INTO registered_model_tags (name, key, value) VALUES (?, ?, ?)",
                           [(name, key, value) for key, value in tags])
    numbers = range(1, versions + 1)
    connection.executemany(
        "INSERT INTO model_versions (name, version, creation_time, last_updated_time, description, current_stage,"
        " source, run_id, status, run_link, storage_location) VALUES (?, ?, ?, ?, '', ?, ?, ?, 'READY', '', ?)",
        [(name, version, created + version, created + 50 + version % 3, _stage(version, versions),
          f"s3://models/{name}/{version}", f"{number * 100_003 + version:032x}", f"s3://models/{name}/{version}")
         for version in numbers])
    connection.executemany(
        "INSERT INTO model_version_tags (name, version, key, value) VALUES (?, ?, ?, ?)",
        [(name, version, key, value) for version in numbers for key, value in version_tags(number, version)])
    if number % 3 == 0:
        connection.execute("INSERT INTO registered_model_aliases (name, alias, version) VALUES (?, 'champion', ?)",
                           (name, versions))


def _stage(version, versions):
    """The last one is new, the one before serves, the rest is history."""
    return {versions: "None", versions - 1: "Production"}.get(version, "Archived")


def make(folder, **sizes):
    """A new database in `folder` with the schema and the indexes that Millrace makes at its start; its path."""
    server = MillraceServer(folder)
    with server:
        pass
    fill(server.database, **sizes)
    return server.database


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--models", type=int, default=MODELS)
    parser.add_argument("--prompts", type=int, default=PROMPTS)
    parser.add_argument("--versions", type=int, default=VERSIONS)
    options = parser.parse_args()
    print(make(options.folder, models=options.models, prompts=options.prompts, versions=options.versions))


if __name__ == "__main__":
    main()
