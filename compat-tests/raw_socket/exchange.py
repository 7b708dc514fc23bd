"""Sends a case and writes down what came back."""

import re
import socket
import ssl
import time
from contextlib import nullcontext

from .cases import HOST, Continue, Pause

# A probe behind the case: it is answered when the connection was kept and nothing was left over.
PROBE = b"GET /version HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
PROBE_ANSWER = "3.17.2"

# A server that says nothing for so long waits for more.
SILENCE = 5  # seconds

# The others say who answers and when, or how the body was framed.
HEADERS = ["accept-ranges", "allow", "connection", "content-encoding", "content-range", "content-type",
           "keep-alive", "location", "vary", "x-content-type-options", "x-frame-options"]


class Receiver:
    def __init__(self, connection):
        self.connection = connection
        self.data = b""
        self.waited = False  # in vain: the other side is silent, and has not closed

    def more(self):
        try:
            got = self.connection.recv(1 << 16)
        except TimeoutError:
            self.waited = True
            got = b""
        except (ConnectionError, ssl.SSLError):
            got = b""
        self.data += got
        return bool(got)

    def until(self, found):
        """What `found(data)` gives as soon as it gives something, or None at the end."""
        while (result := found(self.data)) is None and self.more():
            pass
        return result

    def take(self, size):
        taken, self.data = self.data[:size], self.data[size:]
        return taken


def receive_reply(receiver, method):
    """The next reply as a dictionary, or None when there is none."""
    end = receiver.until(lambda data: data.find(b"\r\n\r\n") + 4 if b"\r\n\r\n" in data else None)
    if end is None:
        return None
    first, *lines = receiver.take(end).decode("latin-1").split("\r\n")[:-2]
    headers = {}
    for line in lines:
        name, value = line.split(": ", 1)
        headers[name.lower()] = value
    status = int(first.split(" ")[1])
    reply = {"status": status, "headers": {name: headers[name] for name in HEADERS if name in headers}}
    if "allow" in headers:  # a set in random order
        reply["headers"]["allow"] = ", ".join(sorted(headers["allow"].split(", ")))
    if method == "HEAD":
        reply["content-length"] = headers.get("content-length")
    elif status >= 200 and status not in (204, 304):
        reply["body"] = receive_body(receiver, headers).decode("utf-8")
    return reply


def receive_body(receiver, headers):
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while True:
            end = receiver.until(lambda data: data.find(b"\r\n") + 2 if b"\r\n" in data else None)
            size = int(receiver.take(end), 16)
            receiver.until(lambda data: True if len(data) >= size + 2 else None)
            body += receiver.take(size + 2)[:-2]
            if size == 0:
                return body
    if "content-length" in headers:
        size = int(headers["content-length"])
        receiver.until(lambda data: True if len(data) >= size else None)
        return receiver.take(size)
    receiver.until(lambda data: None)
    return receiver.take(len(receiver.data))


def methods_of(case):
    """The method of each request in the case, as far as it tells how its reply is framed."""
    sent = b"".join(part for part in case.parts if isinstance(part, bytes))
    return "HEAD" if re.match(rb"HEAD ", sent) else "GET"


def outcome(case, host, port, tls=None):
    """The replies to the case, and what became of the connection: kept, closed, or waiting for more bytes."""
    with (socket.create_connection((host, port), timeout=SILENCE) as plain,
          tls.wrap_socket(plain, server_hostname=host) if tls else nullcontext(plain) as connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        receiver = Receiver(connection)
        replies = []
        for part in case.parts:
            if part is Pause:
                time.sleep(0.003)
            elif part is Continue:
                replies.append(receive_reply(receiver, "GET"))
            else:
                send(connection, part)
        while len(replies) < case.replies and (reply := receive_reply(receiver, methods_of(case))):
            replies.append(reply)
        if not receiver.waited:
            send(connection, PROBE)
        while reply := receive_reply(receiver, "GET"):
            replies.append(reply)
    if receiver.waited:
        return {"replies": replies, "then": "waiting"}
    if replies and answers_probe(replies[-1]):
        return {"replies": replies[:-1], "then": "kept"}
    return {"replies": replies, "then": "closed"}


def answers_probe(reply):
    return reply.get("body") == PROBE_ANSWER and reply["headers"].get("connection") == "close"


def send(connection, data):
    try:
        connection.sendall(data)
    except (ConnectionError, ssl.SSLError):
        pass  # closed by the server: what it said before is what counts
