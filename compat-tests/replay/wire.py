"""One HTTP/1.1 exchange over a plain socket.

The client libraries normalise targets and headers, merge repeated fields and retry; a replay must
see what was really sent and what really came back.
"""

import socket
from dataclasses import dataclass, field


@dataclass
class Response:
    status: int = 0
    headers: list = field(default_factory=list)  # (lower-case name, value), as they came
    body: bytes = b""
    fault: str = ""  # what is wrong with the answer itself; empty when it is well formed

    def get(self, name):
        """All values of a header joined as HTTP joins them, or None."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None


def request_bytes(method, target, headers, body):
    """headers: list of (name, value), sent in this order and spelling."""
    lines = [f"{method} {target} HTTP/1.1"] + [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body


def exchange(host, port, data, head_only, timeout=120):
    """Sends data on a new connection and reads one answer; never raises for what comes back."""
    try:
        with socket.create_connection((host, port), timeout=timeout) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(data)
            return _read(connection.makefile("rb"), head_only)
    except (OSError, ValueError) as error:  # ValueError: a chunk size that is none
        return Response(fault=f"{type(error).__name__}: {error}")


def _read(stream, head_only):
    response = Response()
    while response.status < 200:  # 1xx answers precede the real one
        line = stream.readline().decode("latin-1")
        parts = line.split(" ", 2)
        if len(parts) < 2 or not line.startswith("HTTP/1.1 ") or not parts[1].isdigit():
            response.fault = f"no status line: {line!r}"
            return response
        response = Response(status=int(parts[1]))
        while (line := stream.readline().decode("utf-8", "surrogateescape")) not in ("\r\n", ""):
            name, _, value = line.rstrip("\r\n").partition(":")
            response.headers.append((name.lower(), value.strip()))
    _read_body(stream, response, head_only)
    return response


def _read_body(stream, response, head_only):
    length = response.get("content-length")
    if head_only or response.status in (204, 304):
        return
    if response.get("transfer-encoding") == "chunked":
        while size := int(stream.readline().split(b";")[0], 16):
            response.body += stream.read(size)
            stream.readline()
        stream.readline()
    elif length is not None:
        response.body = stream.read(int(length))
        if len(response.body) != int(length):
            response.fault = f"content-length {length}, but {len(response.body)} bytes came"
    else:
        response.body = stream.read()
