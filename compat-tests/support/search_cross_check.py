"""Runs the search_cross_check program, which says what Millrace makes of a filter or an order_by."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).parent.parent.parent


def program():
    """SEARCH_CROSS_CHECK names a build's program; without it the release build is taken."""
    default = ROOT / "build" / "release" / "search_cross_check"
    path = pathlib.Path(os.environ.get("SEARCH_CROSS_CHECK", default))
    assert path.is_file(), f"{path} is missing: build the target search_cross_check first"
    return path


def _word(text):
    return "x" + str(text).encode("utf-8", "surrogatepass").hex()


def _text(word):
    return bytes.fromhex(word[1:]).decode("utf-8", "surrogatepass")


def ask(what, inputs):
    """For each list of texts ("ok", [text, ...]) or (error code, message)."""
    lines = "".join(" ".join([what, *map(_word, texts)]) + "\n" for texts in inputs)
    output = subprocess.run(
        [program()], input=lines, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len(output) == len(inputs)
    answers = []
    for line in output:
        status, *words = line.split(" ")
        if status == "error":
            answers.append((words[0], _text(words[1])))
        else:
            answers.append(("ok", [_text(word) for word in words]))
    return answers
