"""`millrace backup`: under load nothing is missing that was acknowledged before, what is restored serves, and whatever breaks
off leaves no backup."""

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import tarfile
import threading
import time

import pytest

from support.backups import (Writer, content, names, new, ok, refused,
                             REVISION, ROUTE, rows, run_sql, saved)  # noqa: F401
from support.client_programs import FOLDER
from support.millrace_server import BINARY, VENV, MillraceServer, environment
from support.rest import Rest

WRITERS = 8


# ---- What comes back


def test_what_was_acknowledged_before_it_began_is_in_a_backup_under_load(tmp_path):
    stop = threading.Event()
    with MillraceServer(tmp_path / "old") as server:
        writers = [Writer(server, number, stop) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        acknowledged = []
        for round_ in range(3):
            time.sleep(0.7)
            acknowledged.append([list(writer.acknowledged) for writer in writers])
            ok("backup", tmp_path / f"{round_}.tar", folder=server.folder)
        stop.set()
        for writer in writers:
            writer.join(60)
            assert writer.failure is None, writer.failure
        assert "error" not in server.log()
        assert server.stop() == 0
        assert not (server.folder / "mlflow.db-wal").exists()
    for round_, before in enumerate(acknowledged):
        folder = new(tmp_path, f"new{round_}")
        ok("restore", tmp_path / f"{round_}.tar", folder=folder)
        with MillraceServer(folder) as restored:
            rest = Rest(restored)
            for number, of_writer in enumerate(before):
                assert of_writer, "a writer had not begun"
                for name, run_id, count in of_writer:
                    rest.ok("GET", f"model-versions/get?name={name}&version=1")
                    status, _, body = restored.get(f"{ROUTE}/{number}/{count}.bin")
                    assert (status, body) == (200, name.encode() * 100)
                points = rest.ok("GET", f"metrics/get-history?run_id={run_id}&metric_key=m")["metrics"]
                assert len(points) >= len(of_writer)
            rest.close()
        # It is one moment: whatever came later is missing as a whole. A version has its model, and no number is left out.
        with contextlib.closing(sqlite3.connect(folder / "mlflow.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []
            for writer in range(WRITERS):
                found = [int(re.sub(".*n", "", name)) for name, in database.execute(
                    "SELECT name FROM registered_models WHERE name LIKE ?", (f"w{writer}n%",))]
                assert sorted(found) == list(range(len(found)))


def test_a_promoted_model_is_loaded_from_what_was_restored(tmp_path):
    program = [VENV / "bin" / "python", "-W", "ignore", "-c", """
import sys, mlflow
from mlflow import MlflowClient
class Adds(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input):
        return [value + 1 for value in model_input]
if sys.argv[1] == "save":
    with mlflow.start_run():
        mlflow.pyfunc.log_model(name="model", python_model=Adds(), registered_model_name="adds", pip_requirements=[])
    MlflowClient().transition_model_version_stage("adds", "1", "Production")
    MlflowClient().set_registered_model_alias("adds", "champion", "1")
for uri in ("models:/adds/Production", "models:/adds@champion"):
    assert mlflow.pyfunc.load_model(uri).predict([1, 2]) == [2, 3]
"""]

    def play(server, word):
        done = subprocess.run([*program, word], env=environment(MLFLOW_TRACKING_URI=server.url), cwd=FOLDER,
                              capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr

    with MillraceServer(tmp_path / "old") as server:
        play(server, "save")
        ok("backup", tmp_path / "saved.tar", folder=server.folder)
    shutil.rmtree(tmp_path / "old")
    folder = new(tmp_path)
    ok("restore", tmp_path / "saved.tar", folder=folder)
    with MillraceServer(folder) as server:
        play(server, "load")


def test_everything_is_as_it_was(saved):
    """Rows in their order, names of any bytes, empty files and folders, modes; and standard tools read it."""
    old = saved / "old"
    odd = os.fsencode(old / "mlartifacts") + b"/odd"
    os.makedirs(odd + b"/empty folder/inner")
    os.makedirs(odd + b"/" + b"d" * 200 + b"/" + b"e" * 200)
    for name in (b"line\nfeed", b"back\\slash", "Größe ☃".encode(), b"no utf-8 \xff", b"empty",
                 b"d" * 200 + b"/" + b"e" * 200 + b"/f"):
        with open(odd + b"/" + name, "wb") as file:
            file.write(b"" if name == b"empty" else name)
    os.chmod(odd + b"/empty", 0o640)
    done = ok("backup", saved / "odd.tar", folder=old)
    assert (saved / "odd.tar").stat().st_mode & 0o777 == 0o600
    command = re.search(r"To restore it.*: millrace (restore .*)", done.stdout)[1]
    folder = new(saved)
    ok(*command.split(), folder=folder)
    assert content(folder / "mlartifacts") == content(old / "mlartifacts")
    assert os.stat(os.fsencode(folder / "mlartifacts") + b"/odd/empty").st_mode & 0o777 == 0o640
    assert rows(folder / "mlflow.db") == rows(old / "mlflow.db")
    assert names(folder) == ["mlartifacts", "mlflow.db"]

    by_hand = new(saved, "by hand")
    subprocess.run(["tar", "xf", saved / "odd.tar"], cwd=by_hand, check=True, capture_output=True)
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=by_hand, check=True, capture_output=True)
    assert names(by_hand) == ["SHA256SUMS", "artifacts", "millrace-backup.json", "mlflow.db"]
    assert content(by_hand / "artifacts") == content(old / "mlartifacts")
    assert rows(by_hand / "mlflow.db") == rows(old / "mlflow.db")
    manifest = json.loads((by_hand / "millrace-backup.json").read_text())
    assert manifest["databases"] == [{"member": "mlflow.db", "kind": "sqlite", "schema_revision": REVISION,
                                      "bytes": (by_hand / "mlflow.db").stat().st_size}]


def test_a_registry_of_its_own_and_another_root(tmp_path):
    flags = ["--registry-store-uri", "sqlite:///models/registry.db", "--no-serve-artifacts",
             "--default-artifact-root", "./files"]
    with MillraceServer(tmp_path / "old", *flags) as server:
        rest = Rest(server)
        rest.ok("POST", "registered-models/create", {"name": "kept"})
        rest.ok("POST", "experiments/create", {"name": "kept"})
        rest.close()
        (server.folder / "files" / "1").mkdir(parents=True)
        (server.folder / "files" / "1" / "a").write_text("1")
        ok("backup", tmp_path / "saved.tar", *flags, folder=server.folder)
    folder = new(tmp_path)
    assert "--registry-store-uri" in refused("restore", tmp_path / "saved.tar", *flags[2:], folder=folder)
    assert "--default-artifact-root" in refused("restore", tmp_path / "saved.tar", *flags[:2], folder=folder)
    assert names(folder) == []
    ok("restore", tmp_path / "saved.tar", *flags, folder=folder)
    assert (folder / "files" / "1" / "a").read_text() == "1"
    with MillraceServer(folder, *flags) as server:
        rest = Rest(server)
        rest.ok("GET", "registered-models/get?name=kept")
        rest.ok("GET", "experiments/get-by-name?experiment_name=kept")
        rest.close()


def test_artifacts_alone(saved):
    for uri, tool in (("mysql+pymysql://u:secret@h/d", "mysqldump --single-transaction"),
                      ("postgresql://u:secret@h/d", "pg_dump")):
        said = refused("backup", saved / "a.tar", "--backend-store-uri", uri, folder=saved / "old", code=2)
        assert tool in said and "secret" not in said
    ok("backup", saved / "a.tar", "--artifacts-only", "--backend-store-uri", uri, folder=saved / "old")
    folder = new(saved)
    ok("restore", saved / "a.tar", folder=folder)
    assert names(folder) == ["mlartifacts"]
    assert content(folder / "mlartifacts") == content(saved / "old" / "mlartifacts")


def test_a_folder_that_is_not_there_is_named(saved):
    said = ok("backup", saved / "b.tar", "--artifacts-destination", "./other", folder=saved / "old").stderr
    assert f"There is no folder {saved}/old/other" in said and "--artifacts-destination" in said
    assert "There is no folder" not in ok("backup", saved / "c.tar", folder=saved / "old").stderr


def test_artifacts_elsewhere_are_named(saved):
    with MillraceServer(saved / "old", "--default-artifact-root", "s3://bucket/new") as server:
        for name, location in (("a", None), ("b", None), ("c", "s3://bucket/old/c"), ("d", "/data/d")):
            Rest(server).ok("POST", "experiments/create", {
                "name": name, **({"artifact_location": location} if location else {})})
    said = ok("backup", saved / "b.tar", folder=saved / "old").stderr
    assert [line for line in said.splitlines() if line.startswith("WARNING")] == [
        f"WARNING: {count} experiments keep their artifacts at {place}, which is not included."
        for count, place in ((1, "/data"), (2, "s3://bucket/new"), (1, "s3://bucket/old"))]
    said = ok("backup", saved / "c.tar", "--artifacts-destination", "s3://bucket/x", folder=saved / "old").stderr
    assert "WARNING: What lies at s3://bucket/x (--artifacts-destination) is no folder of this machine" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: giving files away needs root")
def test_root_restores_for_whom_the_folder_belongs_to(saved):
    folder = new(saved)
    os.chown(folder, 65534, 65534)
    ok("restore", saved / "saved.tar", folder=folder)
    assert {(path.stat().st_uid, path.stat().st_gid) for path in folder.rglob("*")} == {(65534, 65534)}


def test_a_crash_left_its_last_writes_in_the_log(saved):
    server = MillraceServer(saved / "old")
    server.start()
    Rest(server).ok("POST", "registered-models/create", {"name": "last"})
    server.kill()
    before = {name: (saved / "old" / name).read_bytes() for name in ("mlflow.db", "mlflow.db-wal")}
    ok("backup", saved / "b.tar", folder=saved / "old")
    assert {name: (saved / "old" / name).read_bytes() for name in before} == before
    folder = new(saved)
    ok("restore", saved / "b.tar", folder=folder)
    assert ("last",) in [row[:1] for row in rows(folder / "mlflow.db")["registered_models"]]


# ---- Where it is written, and what breaks off


def test_the_file_is_not_in_itself_nor_over_another(saved):
    old = saved / "old"
    file = old / "mlartifacts" / "backup.tar"
    ok("backup", file, folder=old)
    first = file.read_bytes()
    assert "--force" in refused("backup", file, folder=old)
    assert file.read_bytes() == first
    ok("backup", file, "--force", folder=old)
    with tarfile.open(file) as archive:
        assert not [name for name in archive.getnames() if "backup.tar" in name]
    assert names(old / "mlartifacts") == ["0", "backup.tar"]
    for place in (old, "/dev/null"):
        assert "no plain file" in refused("backup", place, "--force", folder=old)


def test_links_and_uploads_under_way(saved):
    folder = saved / "old" / "mlartifacts"
    (folder / "inside").symlink_to(folder / "0" / "models" / "m" / "artifacts" / "weights.bin")
    (folder / "outside").symlink_to("/etc/passwd")
    (folder / ".artifact.uploading.x").write_text("half")
    os.mkfifo(folder / "pipe")
    said = ok("backup", saved / "b.tar", folder=saved / "old").stderr
    assert said.count("WARNING") == 2 and "outside" in said and "pipe" in said
    made = new(saved)
    ok("restore", saved / "b.tar", folder=made)
    assert names(made / "mlartifacts") == ["0", "inside"]
    assert (made / "mlartifacts" / "inside").stat().st_size == 100_000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_end_in_the_middle_leaves_no_backup(saved, number):
    old = saved / "old"
    with open(old / "mlartifacts" / "large", "wb") as file:
        file.truncate(3 << 30)
    for delay in (0.02, 0.3, 1.0):
        process = subprocess.Popen([BINARY, "backup", saved / "b.tar"], cwd=old, env=environment(),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                   preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # not a shell's "&"
        time.sleep(delay)
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]
        assert process.returncode == (-number if number == signal.SIGKILL or "Error" not in said else 1), said
        assert not (saved / "b.tar").exists()
        if number != signal.SIGKILL and delay > 0.1:
            assert "Interrupted" in said
            assert names(saved) == ["old", "saved.tar"]
    (old / "mlartifacts" / "large").unlink()
    ok("backup", saved / "b.tar", folder=old)  # whatever was left is no hindrance
    assert names(saved) == ["b.tar", "old", "saved.tar"]


def limited(size):
    """A process whose files cannot be larger, as on a full disk."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return {"preexec_fn": limit, "restore_signals": False}


@pytest.mark.parametrize("size", [50_000, 300_000, 850_000])  # in the copy of the database, in the archive
def test_a_full_disk(saved, size):
    before = content(saved)
    refused("backup", saved / "b.tar", folder=saved / "old", **limited(size))
    folder = new(saved)
    refused("restore", saved / "saved.tar", folder=folder, **limited(min(size, 300_000)))
    assert names(folder) == []
    folder.rmdir()
    assert content(saved) == before


def test_a_small_disk_is_seen_before(saved):
    small = new(saved, "small")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", str(small)], capture_output=True, text=True)
    if os.geteuid() != 0 or done.returncode != 0:
        pytest.skip(f"NOT TESTED: a small disk needs the right to mount a file system: {done.stderr}")
    try:
        assert "not enough room" in refused("backup", small / "b.tar", folder=saved / "old")
        assert "not enough room" in refused(
            "restore", saved / "saved.tar", "--artifacts-destination", small / "x",
            "--backend-store-uri", f"sqlite:///{small}/m.db", folder=saved)
        assert names(small) == []
        # A folder that is a file system of its own is filled, not replaced.
        folder = new(saved)
        ok("restore", saved / "saved.tar", "--artifacts-destination", small, folder=folder)
        assert content(small) == content(saved / "old" / "mlartifacts")
        assert "empty it first" in refused("restore", saved / "saved.tar", "--artifacts-destination", small, "--force",
                                           "--backend-store-uri", "sqlite:///other.db", folder=folder)
        subprocess.run(["mount", "-o", "remount,ro,size=8m", str(small)], check=True)
        assert "Read-only" in refused("backup", small / "b.tar", folder=saved / "old")
        assert "Read-only" in refused("restore", saved / "saved.tar", "--backend-store-uri", f"sqlite:///{small}/x/m.db",
                                      "--artifacts-destination", "./x", folder=folder)
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_a_file_that_cannot_be_read(saved):
    old = saved / "old"
    (old / "mlartifacts" / "secret").write_text("x")
    (old / "mlartifacts" / "secret").chmod(0)
    without_rights = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    done = subprocess.run([*without_rights, BINARY, "backup", saved / "b.tar"], cwd=old, env=environment(),
                          capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1] == f"Error: {old}/mlartifacts/secret cannot be read: Permission denied."
    assert names(saved) == ["old", "saved.tar"]


def test_databases_that_are_none(saved):
    folder = new(saved)
    assert "There is no database" in refused("backup", saved / "b.tar", folder=folder)
    assert "There is no database" in refused("backup", saved / "b.tar", "--backend-store-uri", "sqlite:///x/y.db",
                                             folder=folder)
    assert names(folder) == []
    (folder / "mlflow.db").write_text("text" * 1000)
    assert "not a database" in refused("backup", saved / "b.tar", folder=folder)
    (folder / "mlflow.db").unlink()
    run_sql(folder / "mlflow.db", "CREATE TABLE other (id)")
    assert "no schema of MLflow's" in refused("backup", saved / "b.tar", folder=folder)
    shutil.copyfile(saved / "old" / "mlflow.db", folder / "mlflow.db")
    run_sql(folder / "mlflow.db", "UPDATE alembic_version SET version_num = 'fffff0000000'")
    assert "fffff0000000" in refused("backup", saved / "b.tar", folder=folder)
    damaged = bytearray((saved / "old" / "mlflow.db").read_bytes())
    damaged[len(damaged) // 2:len(damaged) // 2 + 20_000] = b"x" * 20_000
    (folder / "mlflow.db").write_bytes(damaged)
    assert re.search("damaged|malformed", refused("backup", saved / "b.tar", folder=folder))
    assert names(saved) == ["new", "old", "saved.tar"]
    assert names(folder) == ["mlflow.db"]


@pytest.mark.parametrize(("words", "names_it"), [
    (["backup"], "FILE"), (["restore"], "FILE"), (["backup", ""], "FILE"), (["backup", "a", "b"], "(b)"),
    (["backup", "a", "--no-such"], "--no-such"), (["backup", "a", "--backend-store-uri", "./x"], "--backend-store-uri"),
    (["restore", "a", "--registry-store-uri", "oracle://h/d"], "--registry-store-uri"),
    (["backup", "a", "--force=1"], "--force"),
])
def test_bad_usage(tmp_path, words, names_it):
    assert names_it in refused(*words, folder=tmp_path, code=2)
    assert names(tmp_path) == []


def test_no_progress_line_without_a_terminal(saved):
    done = ok("backup", saved / "b.tar", folder=saved / "old")
    assert "\r" not in done.stderr and "\033" not in done.stderr
    assert "1 files" in done.stdout or "1 file" in done.stdout


def test_progress_on_a_terminal(saved):
    leader, follower = os.openpty()
    process = subprocess.Popen([BINARY, "backup", saved / "b.tar"], cwd=saved / "old", env=environment(),
                               stdout=subprocess.DEVNULL, stderr=follower)
    os.close(follower)
    said = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # the end
            break
        if not part:
            break
        said += part
    os.close(leader)
    assert process.wait(30) == 0
    assert b"\n" not in said and said.count(b"\r") > 3 and b" %" in said
    assert said.endswith(b"\r\033[K")
