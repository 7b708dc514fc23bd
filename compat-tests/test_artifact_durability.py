"""Artifacts when something goes wrong: `kill -9` under parallel uploads, clients that vanish, files replaced while they are
read, a power failure, a full disk. What was acknowledged is there whole, and nothing of the rest stays."""

import fcntl
import hashlib
import http.client
import json
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.millrace_server import MillraceServer

ROUTE = "/api/2.0/mlflow-artifacts/artifacts"
ROUNDS = 10
WRITERS = 6
MIB = 1 << 20


def bytes_of(name, size):
    """Content that tells whose it is, so that a mixture of two files shows."""
    block = hashlib.sha256(name.encode()).digest()
    return (block * (size // len(block) + 1))[:size]


def connect(server, timeout=30):
    return http.client.HTTPConnection(server.host, server.port, timeout=timeout)


def ask(connection, method, path, body=None):
    """Status and body."""
    connection.request(method, f"{ROUTE}{path}", body)
    answer = connection.getresponse()
    return answer.status, answer.read()


def listed(server, folder=""):
    """Every file below a folder, by the proxy's listings."""
    connection = connect(server)
    found, folders = {}, [folder]
    while folders:
        folder = folders.pop()
        status, body = ask(connection, "GET", f"?path={folder}")
        assert status == 200, body
        for entry in json.loads(body).get("files", []):
            path = f"{folder}/{entry['path']}".lstrip("/")
            if entry["is_dir"]:
                folders.append(path)
            else:
                found[path] = int(entry.get("file_size", 0))
    connection.close()
    return found


def files_below(root):
    return {str(path.relative_to(root)): path for path in root.rglob("*") if not path.is_dir()}


def files_on_disk(server):
    return files_below(server.folder / "mlartifacts")


def assert_only(server, expected):
    """What the server lists, what it serves and what is on its disk are the expected files."""
    assert listed(server) == {name: len(content) for name, content in expected.items()}
    assert files_on_disk(server).keys() == expected.keys()
    connection = connect(server)
    for name, content in expected.items():
        assert ask(connection, "GET", f"/{name}") == (200, content), name
    connection.close()


class Uploader(threading.Thread):
    """Uploads until the server or its disk is gone: new files, and one file again and again, of sizes from nothing to some MiB."""

    SIZES = (0, 1, 4096, 100_000, MIB, 3 * MIB + 7)

    def __init__(self, server, prefix):
        super().__init__(daemon=True)
        self.server, self.prefix = server, prefix
        self.cut_off = threading.Event()
        self.acknowledged = {}  # name: content
        self.replaced = {}  # name: contents that it may have
        self.unexpected = None

    def run(self):
        connection = connect(self.server, timeout=10)
        try:
            for count in range(100_000):
                self.put(connection, f"new/{self.prefix}/{count}", count)
                self.put(connection, f"same/{self.prefix}", count)
        except (OSError, http.client.HTTPException):
            pass  # the kill, or the disk
        except Exception as error:  # kept for the test: a thread's own failure would not fail it
            self.unexpected = error
        finally:
            connection.close()

    def put(self, connection, name, count):
        content = bytes_of(f"{name} {count}", self.SIZES[count % len(self.SIZES)])
        self.replaced.setdefault(name, []).append(content)
        status, body = ask(connection, "PUT", f"/{name}", content)
        if self.cut_off.is_set():
            raise OSError("the disk is gone, and a machine without power answers nothing")
        assert (status, body) == (200, b""), (name, status, body)
        self.acknowledged[name] = content
        self.replaced[name] = []  # what is sent from here on


def uploading(server, prefix):
    """Uploaders of which each one has had an answer."""
    uploaders = [Uploader(server, f"{prefix}w{number}") for number in range(WRITERS)]
    for uploader in uploaders:
        uploader.start()
    until(lambda: all(uploader.acknowledged or not uploader.is_alive() for uploader in uploaders), 60)
    return uploaders


def assert_whole(uploaders, on_disk):
    """Of every file the content that was acknowledged last, or whole the one whose answer was still to come; nothing that
    nobody uploaded. Returns how many were acknowledged."""
    expected = set()
    for uploader in uploaders:
        assert uploader.acknowledged, "an uploader ended before it had uploaded"
        for name, contents in uploader.replaced.items():
            allowed = [*contents, *filter(lambda one: one is not None, [uploader.acknowledged.get(name)])]
            if name in uploader.acknowledged:
                assert name in on_disk
            if name in on_disk:
                expected.add(name)
                assert on_disk[name].read_bytes() in allowed, name
    assert on_disk.keys() == expected
    return sum(len(uploader.acknowledged) for uploader in uploaders)


def test_no_acknowledged_upload_is_lost_or_torn(tmp_path):
    server = MillraceServer(tmp_path)
    count = 0
    for round_ in range(ROUNDS):
        server.start()
        uploaders = uploading(server, f"r{round_}")
        time.sleep(0.05 * (round_ + 1))
        server.kill()
        for uploader in uploaders:
            uploader.join(30)
            assert uploader.unexpected is None, uploader.unexpected
        server.start()
        sizes = listed(server)
        # What the kill interrupted is never listed, and is removed while the server serves already.
        until(lambda: sizes.keys() == files_on_disk(server).keys())
        on_disk = files_on_disk(server)
        assert sizes == {name: path.stat().st_size for name, path in on_disk.items()}
        count += assert_whole(uploaders, {name: path for name, path in on_disk.items() if f"r{round_}w" in name})
        server.stop()
    print(f"{count} uploads acknowledged over {ROUNDS} kills")


@pytest.fixture
def server(tmp_path):
    with MillraceServer(tmp_path) as running:
        yield running


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def put_head(server, name, framing):
    return (f"PUT {ROUTE}/{name} HTTP/1.1\r\nHost: {server.host}:{server.port}\r\n{framing}\r\n\r\n").encode()


@pytest.mark.parametrize("there_before", [False, True])
@pytest.mark.parametrize(("framing", "part"), [
    (f"Content-Length: {4 * MIB}", b"x" * (2 * MIB)),
    ("Content-Length: 10", b"x" * 9),
    ("Transfer-Encoding: chunked", b"%x\r\n%s\r\n" % (MIB, b"x" * MIB)),
    ("Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n"),  # the empty line of the end is missing
], ids=["length", "one byte missing", "chunked", "chunked, no end"])
def test_an_interrupted_upload_leaves_nothing(server, framing, part, there_before):
    expected = {"a/other": b"other"}
    connection = connect(server)
    ask(connection, "PUT", "/a/other", b"other")
    if there_before:
        expected["a/file"] = b"before"
        ask(connection, "PUT", "/a/file", b"before")
    with socket.create_connection((server.host, server.port)) as client:
        client.sendall(put_head(server, "a/file", framing) + part)
        time.sleep(0.1)  # the server is in the midst of it
        assert listed(server) == {name: len(content) for name, content in expected.items()}
    until(lambda: files_on_disk(server).keys() == expected.keys())
    assert_only(server, expected)
    connection.close()


def test_a_download_that_has_begun_delivers_the_old_file_whole(server):
    """Of two files that have their name from one another, and of one that is deleted."""
    old, new = bytes_of("old", 64 * MIB), bytes_of("new", 32 * MIB)
    connection = connect(server)
    for method, after in (("PUT", new), ("DELETE", None)):
        assert ask(connection, "PUT", "/file", old)[0] == 200
        reader = connect(server)
        reader.request("GET", f"{ROUTE}/file")
        answer = reader.getresponse()
        first = answer.read(1000)
        assert ask(connection, method, "/file", after)[0] == 200
        assert first + answer.read() == old
        reader.close()
        status, content = ask(connection, "GET", "/file")
        assert (status, content) == (200, new) if after else status == 404
    connection.close()


def test_uploads_of_one_name_at_once_leave_one_of_them_whole(server):
    contents = [bytes_of(f"content {number}", 2 * MIB + number) for number in range(8)]

    def upload(content):
        connection = connect(server)
        for _ in range(5):
            assert ask(connection, "PUT", "/one/name", content)[0] == 200
        connection.close()

    threads = [threading.Thread(target=upload, args=[content]) for content in contents]
    for thread in threads:
        thread.start()
    connection = connect(server)
    while any(thread.is_alive() for thread in threads):
        status, content = ask(connection, "GET", "/one/name")
        assert status == 404 or content in contents
    for thread in threads:
        thread.join()
    status, content = ask(connection, "GET", "/one/name")
    assert status == 200 and content in contents
    assert_only(server, {"one/name": content})


def put_until_answered(server, name, content, framing):
    """Status and body of an upload that the server may refuse before it has all of it."""
    if framing == "chunked":
        framing, content = "Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)
    else:
        framing = f"Content-Length: {len(content)}"
    with socket.create_connection((server.host, server.port), timeout=30) as client:
        try:
            client.sendall(put_head(server, name, framing) + content)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the answer is there
        answer = http.client.HTTPResponse(client)
        answer.begin()
        return answer.status, answer.read()


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of 8 MiB of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, text=True)
    if os.geteuid() != 0 or done.returncode != 0:
        pytest.skip(f"NOT TESTED: a full disk needs the right to mount a file system: {done.stderr}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk(tmp_path, small_disk):
    """An upload is refused by JSON and leaves nothing; the server goes on, and takes uploads once there is space."""
    with MillraceServer(tmp_path / "server", "--artifacts-destination", str(small_disk)) as server:
        connection = connect(server)
        assert ask(connection, "PUT", "/a/first", b"1" * (2 * MIB))[0] == 200
        for size, framing in ((20 * MIB, "length"), (20 * MIB, "chunked"), (6 * MIB + 1, "length")):
            status, body = put_until_answered(server, "a/second", b"2" * size, framing)
            assert status == 507, body
            answer = json.loads(body)
            assert answer["error_code"] and "space" in answer["message"].lower(), answer
            until(lambda: [path.name for path in Path(small_disk).rglob("*") if path.is_file()] == ["first"])
            assert listed(server) == {"a/first": 2 * MIB}
        assert ask(connection, "GET", "/a/first") == (200, b"1" * (2 * MIB))
        assert server.get("/health")[0] == 200
        assert server.post("/api/2.0/mlflow/runs/create", b'{"experiment_id": "0"}')[0] == 200
        assert ask(connection, "DELETE", "/a/first")[0] == 200
        assert ask(connection, "PUT", "/a/third", b"3" * (5 * MIB))[0] == 200
        assert ask(connection, "GET", "/a/third") == (200, b"3" * (5 * MIB))
        connection.close()


def needs_root(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"NOT TESTED: needs the right to mount an image: {' '.join(command)}: {done.stderr}")


@contextmanager
def mounted(image):
    folder = image.with_suffix(".mounted")
    folder.mkdir()
    needs_root(["mount", "-o", "loop", str(image), str(folder)])
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def cut_off(folder):
    """Ends every writing to the file system at once, what it holds in memory is lost (`godown` of xfstests)."""
    go_down, without_the_log = 0x8004587D, 2
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, go_down, struct.pack("I", without_the_log))
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(("make", "check"), [
    (["mkfs.ext4", "-q"], []),
    (["mkfs.ext4", "-q", "-O", "^has_journal"], ["fsck.ext4", "-fy"]),
    (["mkfs.xfs", "-q"], []),
], ids=["ext4", "ext4 without a journal", "xfs"])
def test_no_acknowledged_upload_is_lost_or_torn_when_the_power_fails(tmp_path, make, check):
    """As far as a test can fail it: what the file system has written is there, and nothing else."""
    if shutil.which(make[0]) is None:
        pytest.skip(f"NOT TESTED: {make[0]} is missing")
    if not os.access("/dev/loop-control", os.W_OK):
        pytest.skip("NOT TESTED: needs the right to mount an image")
    image, after = tmp_path / "disk", tmp_path / "disk after"
    count = 0
    for round_ in range(5):
        with open(image, "wb") as file:
            file.truncate(400 * MIB)
        subprocess.run([*make, str(image)], check=True)
        with mounted(image) as folder:
            server = MillraceServer(tmp_path / f"server {round_}", "--artifacts-destination", str(folder / "artifacts"))
            server.start()
            uploaders = uploading(server, "")
            time.sleep(0.5 + 0.1 * round_)
            for uploader in uploaders:
                uploader.cut_off.set()
            cut_off(folder)
            subprocess.run(["cp", "--sparse=always", str(image), str(after)], check=True)
            for uploader in uploaders:
                uploader.join(30)
                assert uploader.unexpected is None, uploader.unexpected
            server.kill()
        if check:
            subprocess.run([*check, str(after)], capture_output=True)
        with mounted(after) as folder:
            server.flags[server.flags.index("--artifacts-destination") + 1] = str(folder / "artifacts")
            with server:
                until(lambda: not any(".artifact.uploading" in name for name in files_below(folder / "artifacts")))
                sizes = listed(server)
            on_disk = files_below(folder / "artifacts")
            assert sizes == {name: path.stat().st_size for name, path in on_disk.items()}
            count += assert_whole(uploaders, on_disk)
        for path in (image, after):
            path.with_suffix(".mounted").rmdir()
    print(f"{count} uploads acknowledged over 5 failures of the power")
