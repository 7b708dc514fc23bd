"""What stands in for a database server that gives nobody a connection: each that comes gets the same answer."""

import socket
import threading
from contextlib import suppress


class FailingServer:
    """Answers on a port of its own for as long as `with` lasts; `asked` counts who came."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.asked = 0

    def answer(self, connection):
        raise NotImplementedError

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _serve(self):
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.asked += 1
                with connection, suppress(OSError):
                    connection.settimeout(10)
                    self.answer(connection)


class FailingPostgreSql(FailingServer):
    """Refuses as PostgreSQL does, with a code and texts in any language."""

    def __init__(self, code, text, severity="FATAL"):
        super().__init__()
        self.uri = f"postgresql://u:secret@127.0.0.1:{self.port}/d"
        fields = "".join(f"{name}{value}\0" for name, value in
                         [("S", severity), ("V", "FATAL"), ("C", code), ("M", text)]).encode() + b"\0"
        self.refusal = b"E" + (len(fields) + 4).to_bytes(4, "big") + fields

    def answer(self, connection):
        while True:
            head = connection.recv(8, socket.MSG_WAITALL)
            if int.from_bytes(head[4:], "big") not in (80877103, 80877104):  # asks for TLS, for GSSAPI
                break
            connection.sendall(b"N")
        connection.recv(int.from_bytes(head[:4], "big") - 8, socket.MSG_WAITALL)
        connection.sendall(self.refusal)


class FailingMySql(FailingServer):
    """Refuses before it asks for anything, as MySQL does."""

    def __init__(self, code, state, text):
        super().__init__()
        self.uri = f"mysql+pymysql://u:secret@127.0.0.1:{self.port}/d"
        packet = b"\xff" + code.to_bytes(2, "little") + f"#{state}{text}".encode()
        self.refusal = len(packet).to_bytes(3, "little") + b"\0" + packet

    def answer(self, connection):
        connection.sendall(self.refusal)
        connection.recv(1)  # until the client has read it
