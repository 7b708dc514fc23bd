"""Runs the source_cross_check program, which says what Millrace makes of names, URIs and sources, and
compares with MLflow's functions. SOURCE_CROSS_CHECK names a build's program; without it the release
build's is taken."""

import json
import os
import pathlib
import re
import subprocess

from mlflow.exceptions import MlflowException

ROOT = pathlib.Path(__file__).parent.parent.parent
CRASH = "crash"
INT64 = range(-(2**63), 2**63)


def error(code, message):
    """/proc/self leads each of the two processes to itself."""
    return code, re.sub(r"/proc/[0-9]+", "/proc/self", message)


class Program:
    def __init__(self, folder=None):
        path = os.environ.get("SOURCE_CROSS_CHECK", ROOT / "build" / "release" / "source_cross_check")
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder)

    def __call__(self, *arguments):
        self.process.stdin.write(json.dumps(arguments) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer["ok"] if "ok" in answer else error(answer["code"], answer["message"])

    def close(self):
        self.process.stdin.close()
        assert self.process.wait() == 0


def outcome(function, *arguments):
    try:
        return function(*arguments)
    except MlflowException as raised:
        return error(raised.error_code, raised.message)
    except Exception:
        return CRASH


def same(theirs, ours):
    if theirs == CRASH:
        return isinstance(ours, tuple) and ours[0] == "INVALID_PARAMETER_VALUE"
    return theirs == ours


def compare(program, operation, function, values):
    different = []
    for arguments in values:
        arguments = arguments if isinstance(arguments, tuple) else (arguments,)
        theirs, ours = outcome(function, *arguments), program(operation, *arguments)
        if not same(theirs, ours):
            different.append((arguments, theirs, ours))
    assert not different, (len(different), different[:20])


def silent(function):
    """The outcome of a validator is that it passes, whatever it returns."""

    def run(*arguments):
        function(*arguments)

    return run


def until_stable(decode):
    def run(text):
        while (decoded := decode(text)) != text:
            text = decoded
        return text

    return run
