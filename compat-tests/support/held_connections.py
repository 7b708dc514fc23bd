"""Clients that hold on to their connections and do nothing more, and how long others wait beside them."""

import contextlib
import http.client
import socket
import time

HOST = b"Host: localhost\r\n"
CREATE = b"POST /api/2.0/mlflow/registered-models/create HTTP/1.1\r\n" + HOST
BIG = 50 << 20  # bytes of the artifact that is downloaded slowly

# What each client sends before it falls silent.
SENT = {
    "a large body that does not come": CREATE + b"Content-Length: 300000\r\n\r\n",
    "a large body of which one byte comes": CREATE + b"Content-Length: 300000\r\n\r\n{",
    "a permission that is asked for and not used":
        CREATE + b"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n",
    "a body that is skipped": b"GET /health HTTP/1.1\r\n" + HOST + b"Content-Length: 300000\r\n\r\n",
    "a refused request": b"X\r\n\r\n",
    "a download that is not read": b"GET /api/2.0/mlflow-artifacts/artifacts/big.bin HTTP/1.1\r\n" + HOST + b"\r\n",
}


def open_connection(server):
    """A connection with a small window, so that little of a reply disappears in buffers."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(60)
    connection.connect((server.host, server.port))
    return connection


@contextlib.contextmanager
def held(server, kind, count):
    """`count` connections of one kind, all of them open and silent."""
    with contextlib.ExitStack() as stack:
        connections = []
        for _ in range(count):
            connection = stack.enter_context(open_connection(server))
            connection.sendall(SENT[kind])
            connections.append(connection)
        yield connections


def answer_time(server, path, timeout):
    """Seconds until a fresh connection has its answer, which must be a 200."""
    began = time.monotonic()
    connection = http.client.HTTPConnection(server.host, server.port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
    finally:
        connection.close()
    return time.monotonic() - began
