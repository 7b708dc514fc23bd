"""Certificates for tests, and a Millrace that shows one."""

import socket
import ssl
import subprocess

from support.millrace_server import MillraceServer


def openssl(*words, **options):
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=True, **options).stdout


class Certificates:
    """An authority and what it signs, as PEM files in a folder: ca.pem, NAME.pem and NAME.key."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = folder / "ca.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2,
                "-subj", "/CN=authority", "-keyout", folder / "ca.key", "-out", self.authority)

    def issue(self, name, subject):
        """The certificate and the key; written beside their places and renamed, as those who renew do it."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        request, new, names = self.folder / "request", self.folder / "new", self.folder / "names"
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={subject}", "-keyout", self.folder / "new.key", "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.authority, "-CAkey", self.folder / "ca.key",
                "-CAcreateserial", "-days", 2, "-extfile", names, "-out", new)
        (self.folder / "new.key").rename(key)
        new.rename(certificate)
        return certificate, key


class TlsServer(MillraceServer):
    """Its certificate is folder/certificates/server.pem."""

    def __init__(self, folder, *flags, **options):
        super().__init__(folder, *flags, **options)
        self.certificates = Certificates(self.folder / "certificates")
        certificate, key = self.certificates.issue("server", "first")
        self.flags += ["--ssl-certfile", str(certificate), "--ssl-keyfile", str(key)]
        self.url = f"https://{self.host}:{self.port}"
        self.tls = ssl.create_default_context(cafile=self.certificates.authority)

    def connect(self, timeout=60):
        """A connection after its handshake."""
        plain = socket.create_connection((self.host, self.port), timeout=timeout)
        return self.tls.wrap_socket(plain, server_hostname=self.host)

    def shown_name(self):
        """The common name in the certificate that a new connection is shown."""
        with self.connect() as connection:
            subject = dict(entry[0] for entry in connection.getpeercert()["subject"])
        return subject["commonName"]
