"""Runs programs as `python PROGRAM WORDS...` would, each in a process of its own that is forked from this one, which has
imported the client already: an import costs more processor time than most programs.

    warm_client.py SOCKET

Of each connection to the socket it reads one line of JSON: {"words", "cwd", "env", "output", "errors"}, the last two being
files that are appended to. It answers with two lines: the number of the process, and its exit code. It ends when its
standard input does.
"""

import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress

# What the programs import, as far as this environment has it.
for name in ("mlflow", "mlflow.data", "mlflow.sklearn", "pandas", "sklearn.linear_model", "sklearn.model_selection"):
    with suppress(ImportError):
        importlib.import_module(name)


def serve(connection):
    """In a process of its own, which waits for the program; in that of the program returns what is to be run, else None."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with connection, connection.makefile("r") as lines:
        request = json.loads(lines.readline())
        program = os.fork()
        if program == 0:
            return request
        connection.sendall(f"{program}\n".encode())
        _, status = os.waitpid(program, 0)
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    return None


def become(request):
    """The exit code of the program."""
    os.setsid()
    os.chdir(request["cwd"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, file in ((1, request["output"]), (2, request["errors"])):
        os.dup2(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644), descriptor)
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = request["words"]
    sys.path[0] = os.path.dirname(sys.argv[0])
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        return end.code
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def next_program(listener):
    """In a new process, what is to be run there; None at the end."""
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            return None
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            request = serve(connection)
            if request is None:
                os._exit(0)
            return request
        connection.close()


def main(path):
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("ready", flush=True)
        request = next_program(listener)
    # From here on as any program, up to what the interpreter does at its end.
    return request and become(request)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
