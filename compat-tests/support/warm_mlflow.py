"""The real MLflow's commands in processes that are forked from one which has imported MLflow already.

An import costs more processor time than most tests. Everything from the command line on is as always, but that the
server runs in the process of the command itself instead of in a second one that it starts.
"""

import multiprocessing
import os
import subprocess
import sys

_SERVER = "mlflow.server"
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([
    "mlflow.cli", "mlflow.server.fastapi_app", "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.store.model_registry.sqlalchemy_store", "uvicorn.lifespan.on", "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto"])


class MlflowProcess:
    """`mlflow WORDS...`, with what of subprocess.Popen's interface a server needs. Ends with this process."""

    def __init__(self, words, cwd, env, output, errors):
        """`output` and `errors` are the files that are appended to."""
        self._process = _CONTEXT.Process(
            target=_become_mlflow, args=([*map(str, words)], str(cwd), env, str(output), str(errors)), daemon=True)
        self._process.start()
        self.pid = self._process.pid

    def poll(self):
        return self._process.exitcode

    def kill(self):
        self._process.kill()  # which does nothing to one that has ended

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("mlflow", timeout)
        return self._process.exitcode


def run_mlflow(words, cwd, env, folder, timeout=120):
    """Exit code, output and errors of `mlflow WORDS...`; `folder` gets files with the two texts."""
    output, errors = folder / "mlflow.out", folder / "mlflow.err"
    for file in (output, errors):
        file.write_bytes(b"")
    process = MlflowProcess(words, cwd, env, output, errors)
    try:
        code = process.wait(timeout)
    finally:
        process.kill()
    return code, output.read_text(), errors.read_text()


def _become_mlflow(words, cwd, env, output, errors):
    os.setsid()
    os.chdir(cwd)
    for descriptor, file in ((1, output), (2, errors)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644), descriptor)
    os.environ.clear()
    os.environ.update(env)
    # It reads its settings when it is imported.
    for name in [name for name in sys.modules if name == _SERVER or name.startswith(_SERVER + ".")]:
        del sys.modules[name]
    import mlflow.cli
    import mlflow.server

    mlflow.server._exec_cmd = _run_uvicorn
    sys.argv = ["mlflow", *words]
    mlflow.cli.cli(words)


def _run_uvicorn(command, *, extra_env, **_):
    """In place of `python -m uvicorn OPTIONS...` in a process of its own."""
    import uvicorn

    os.environ.update(extra_env)
    assert command[1:3] == ["-m", "uvicorn"], command
    uvicorn.main(command[3:])
