"""`millrace restore` of what is no whole backup: it changes nothing."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from support.backups import content, names, new, ok, refused, REVISION, run, saved  # noqa: F401


def manifest(**changes):
    text = {"format": 1, "created_ms": 1, "millrace_version": "0", "databases": [],
            "folders": [{"member": "artifacts", "files": 1, "bytes": 1}]}
    return json.dumps({**text, **changes}).encode()


def member(name, body=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(body)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, body


def archive_of(*members, sums=True, head=None):
    """A tar archive that begins as a backup does, with the checksums of what is in it."""
    everything = [member("millrace-backup.json", manifest() if head is None else head), *members]
    if sums:
        lines = [f"{hashlib.sha256(body).hexdigest()}  {info.name}\n" for info, body in everything if info.isreg()]
        everything.append(member("SHA256SUMS", "".join(lines).encode()))
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, body in everything:
            archive.addfile(info, io.BytesIO(body))
    return made.getvalue()


def with_size(size):
    """A file that claims to be so large."""
    info, _ = member("artifacts/large")
    info.size = size
    head = archive_of(sums=False)
    return head[:1024] + info.tobuf(tarfile.GNU_FORMAT) + b"x" * 2048


FILE = member("artifacts/a", b"good")
HOSTILE = {
    "absolute": archive_of(member("/tmp/millrace-was-here", b"x")),
    "absolute below": archive_of(member("/artifacts/a", b"x")),
    "up": archive_of(member("artifacts/../../up", b"x")),
    "up at once": archive_of(member("../up", b"x")),
    "dot": archive_of(member("artifacts/./a", b"x")),
    "elsewhere": archive_of(member("other/a", b"x")),
    "not listed": archive_of(member("artifact-root/a", b"x")),
    "database not listed": archive_of(member("mlflow.db", b"x")),
    "link": archive_of(member("artifacts/a", type=tarfile.SYMTYPE, linkname="/etc"), member("artifacts/a/passwd", b"x")),
    "hard link": archive_of(FILE, member("artifacts/b", type=tarfile.LNKTYPE, linkname="artifacts/a")),
    "hard link out": archive_of(member("artifacts/b", type=tarfile.LNKTYPE, linkname="/etc/passwd")),
    "device": archive_of(member("artifacts/a", type=tarfile.CHRTYPE, devmajor=1, devminor=3)),
    "pipe": archive_of(member("artifacts/a", type=tarfile.FIFOTYPE)),
    "twice": archive_of(FILE, FILE),
    "file as folder": archive_of(FILE, member("artifacts/a/b", b"x")),
    "folder as file": archive_of(member("artifacts/a/b", b"x"), FILE),
    "file for the folder": archive_of(member("artifacts", b"x")),
    "sparse": archive_of(member("artifacts/a", b"x", pax_headers={
        "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "artifacts/a",
        "GNU.sparse.size": str(1 << 60), "GNU.sparse.numblocks": "1", "GNU.sparse.map": f"{(1 << 60) - 1},1"})),
    "enormous": with_size(1 << 60),
    "too large": with_size(1 << 33),
    "nothing": b"",
    "text": b"no archive\n" * 1000,
    "zeros": bytes(100_000),
    "empty archive": archive_of(sums=False)[:0] + bytes(10240),
    "other archive": archive_of(sums=False, head=b"x").replace(b"millrace-backup.json", b"something-else.json\0"),
    "no manifest": archive_of(FILE, head=b"no json"),
    "newer format": archive_of(FILE, head=manifest(format=2)),
    "newer schema": archive_of(FILE, head=manifest(databases=[
        {"member": "mlflow.db", "kind": "sqlite", "schema_revision": "fffff0000000", "bytes": 1}])),
    "enormous by its manifest": archive_of(FILE, head=manifest(folders=[
        {"member": "artifacts", "files": 1, "bytes": 1 << 53}])),
    "database missing": archive_of(FILE, head=manifest(databases=[
        {"member": "mlflow.db", "kind": "sqlite", "schema_revision": REVISION, "bytes": 1}])),
    "database that is none": archive_of(member("mlflow.db", b"x" * 5000), head=manifest(folders=[], databases=[
        {"member": "mlflow.db", "kind": "sqlite", "schema_revision": REVISION, "bytes": 5000}])),
    "no checksums": archive_of(FILE, sums=False),
    "wrong checksum": archive_of(FILE).replace(b"good", b"evil"),
    "checksum of more": archive_of(FILE, member("SHA256SUMS", b"0" * 64 + b"  artifacts/a\n"), sums=False),
    "more behind": archive_of(FILE, member("SHA256SUMS", b""), member("artifacts/b", b"x"), sums=False),
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("verb", [["restore"], ["restore", "--check"]], ids=["restore", "check"])
def test_what_is_no_backup_changes_nothing(tmp_path, what, verb):
    (tmp_path / "b.tar").write_bytes(HOSTILE[what])
    folder = new(tmp_path)
    only_unpacked = ("file as folder", "folder as file", "file for the folder", "twice", "enormous by its manifest",
                     "database that is none")
    if "--check" in verb and what in only_unpacked:
        run(*verb, tmp_path / "b.tar", folder=folder)  # whatever it says
    else:
        refused(*verb, tmp_path / "b.tar", folder=folder)
    assert names(tmp_path) == ["b.tar", "new"]
    assert names(folder) == []
    assert not Path("/tmp/millrace-was-here").exists()


def test_the_archive_of_these_tests_is_one(tmp_path):
    """So that the others are refused for what is wrong with them."""
    (tmp_path / "b.tar").write_bytes(archive_of(FILE, member("artifacts/b/", type=tarfile.DIRTYPE)))
    ok("restore", "b.tar", "--check", folder=tmp_path)
    ok("restore", "b.tar", folder=tmp_path)
    assert content(tmp_path / "mlartifacts") == {"a": b"good", "b": None}


def test_files_that_are_not_whole(saved):
    good = (saved / "saved.tar").read_bytes()
    folder = new(saved)
    ok("restore", saved / "saved.tar", "--check", folder=folder)
    for size in (len(good) // 3, len(good) // 2, good.rindex(b"SHA256SUMS") + 100):
        (saved / "b.tar").write_bytes(good[:size])
        refused("restore", saved / "b.tar", folder=folder)
        refused("restore", "--check", saved / "b.tar", folder=folder)
    for at in (good.index(b"w" * 1000), good.index(b"SQLite format 3") + 5000, good.index(b"schema_revision")):
        (saved / "b.tar").write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
        refused("restore", saved / "b.tar", folder=folder)
        refused("restore", "--check", saved / "b.tar", folder=folder)
    for place in (saved / "missing.tar", saved, "/dev/null"):
        refused("restore", place, folder=folder)
    assert names(folder) == []
