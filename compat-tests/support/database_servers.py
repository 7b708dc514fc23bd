"""Throwaway database servers on loopback: MariaDB, PostgreSQL, also behind PgBouncer, a Galera cluster of MariaDB.

    with MariaDb() as server:
        uri = server.create_database()

A server lives in a temporary folder of its own, on a free port and a Unix socket, with the settings
that Debian's package gives it: every commit is written out. The folder is in memory where there is
room, unless `on_disk` is asked for: servers are killed here, but no power fails, and the tests make
thousands of tables. It ends with this process, however that ends. Needs the packages' programs and no Python library, so that scripts may use it, too.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

from support.millrace_server import free_port

PASSWORD = "m1ll@race"  # with a character that a URI must escape
POSTGRESQL_PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path(),
                          key=lambda folder: int(folder.parent.name))


def memory_with_room():
    """A folder in memory, or None."""
    place = Path("/dev/shm")
    return place if place.is_dir() and shutil.disk_usage(place).free > 4 << 30 else None


class Throwaway:
    """What `with` starts, and ends also when it comes up only in part."""

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self


class DatabaseServer(Throwaway):
    """One server process. It may be stopped or killed and started again, on the same port and files."""

    kind = ""  # "mysql", "postgresql": Millrace's dialect
    scheme = ""  # of its URIs, as MLflow's users have them
    user = ""  # who may do everything
    owner = ""  # the account that runs it if this process is root, which PostgreSQL and rsync refuse
    end_signal = signal.SIGTERM  # ends it cleanly, without waiting for its clients
    drop_signal = signal.SIGKILL  # for one that is not needed any more
    start_timeout = 60  # seconds

    def __init__(self, *settings, on_disk=False):
        self.settings = settings  # further settings, as its configuration file has them: name=value
        self.on_disk = on_disk
        self.host, self.port = "127.0.0.1", free_port()
        self.folder = None
        self.process = None
        self.databases = 0

    # What each kind of server provides.

    def make_data(self):
        """Makes the files of a new server in self.folder."""
        raise NotImplementedError

    def command(self):
        """The arguments that run it in the foreground."""
        raise NotImplementedError

    def client(self):
        """The arguments of its own client, which reads statements from standard input."""
        raise NotImplementedError

    def socket_options(self):
        """The part of a URI's query that leads over the Unix socket."""
        raise NotImplementedError

    # What all have.

    def start(self):
        """Starts it and waits until it answers; the first time on new files."""
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix=f"millrace-{self.kind}-",
                                                dir=None if self.on_disk else memory_with_room()))
            if os.geteuid() == 0:
                shutil.chown(self.folder, self.owner)
            self.make_data()
        self.launch()
        self.wait_until_ready()

    def launch(self):
        """Starts the process and does not wait for it to answer."""
        assert self.process is None, "it runs already"
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(self.as_owner(self.command()), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd=self.folder,
                                            start_new_session=True)

    def wait_until_ready(self):
        began = time.monotonic()
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - began > self.start_timeout:
                raise RuntimeError(f"the database server does not answer:\n{self.log()}")
            time.sleep(0.02)

    def answers(self):
        return self._run_client("SELECT 1").returncode == 0

    def stop(self):
        self._end(self.end_signal)

    def kill(self):
        """SIGKILL, as when its machine loses power."""
        self._end(signal.SIGKILL)

    def log(self):
        return (self.folder / "server.log").read_text(errors="replace")

    def query(self, sql, database=None):
        """Runs SQL as administrator; returns the rows as text, columns separated by tabs."""
        done = self._run_client(sql, database)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout

    def create_database(self, options=""):
        """Makes an empty database, `options` at the end of its CREATE DATABASE; returns its URI."""
        self.databases += 1
        name = f"mlflow_{self.databases}"
        self.query(f"CREATE DATABASE {name} {options}")
        return self.uri(name)

    def uri(self, database):
        return f"{self.scheme}://{self._credentials()}@{self.host}:{self.port}/{database}"

    def socket_uri(self, database):
        return f"{self.scheme}://{self._credentials()}@/{database}?{self.socket_options()}"

    def as_owner(self, command):
        """The command run by the owner, and ended when this process ends."""
        switch = ["setpriv", "--pdeathsig", self.end_signal.name.removeprefix("SIG")]
        if os.geteuid() == 0:
            account = pwd.getpwnam(self.owner)
            switch += [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        return [*switch, *map(str, command)]

    def run_setup(self, *command):
        done = subprocess.run(self.as_owner(command), cwd=self.folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}")

    def _credentials(self):
        return f"{self.user}:{urllib.parse.quote(PASSWORD, safe='')}"

    def _run_client(self, sql, database=None):
        return subprocess.run([*map(str, self.client()), *([database] if database else [])],
                              input=sql, capture_output=True, text=True, cwd=self.folder)

    def _end(self, number):
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __exit__(self, *_):
        self._end(self.drop_signal)
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


class MariaDb(DatabaseServer):
    kind = "mysql"
    scheme = "mysql+pymysql"
    user = "root"
    owner = "mysql"

    def make_data(self):
        (self.folder / "users.sql").write_text(
            "FLUSH PRIVILEGES;\n"  # makes the server read the accounts, whose change it refuses else
            f"ALTER USER root@localhost IDENTIFIED BY '{PASSWORD}';\n"
            f"ALTER USER root@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n")
        self.run_setup("mariadb-install-db", "--no-defaults", f"--datadir={self.folder}/data",
                       "--auth-root-authentication-method=normal", "--skip-test-db",
                       f"--extra-file={self.folder}/users.sql")
        (self.folder / "client.cnf").write_text(
            f"[client]\nuser=root\npassword={PASSWORD}\nsocket={self.folder}/socket\n")

    def command(self):
        (self.folder / "server.cnf").write_text("\n".join(["[mariadbd]", *self.options()]) + "\n")
        return ["mariadbd", f"--defaults-file={self.folder}/server.cnf"]

    def options(self):
        """The lines of its configuration: as arguments they would be too long for Galera's scripts."""
        return [f"datadir={self.folder}/data", f"bind-address={self.host}", f"port={self.port}",
                f"socket={self.folder}/socket", f"pid-file={self.folder}/pid",
                f"tmpdir={self.folder}",  # at its start a server removes the temporary files of others
                "skip-name-resolve",
                "character-set-server=utf8mb4", "collation-server=utf8mb4_general_ci",
                "innodb-flush-log-at-trx-commit=1", *self.settings]

    def client(self):
        return ["mariadb", f"--defaults-file={self.folder}/client.cnf", "--batch", "--raw",
                "--skip-column-names", "--default-character-set=utf8mb4"]

    def socket_options(self):
        return f"unix_socket={self.folder}/socket"


class PostgreSql(DatabaseServer):
    kind = "postgresql"
    scheme = "postgresql+psycopg2"  # SQLAlchemy 2.1 takes bare "postgresql" for another driver
    user = "postgres"
    owner = "postgres"
    end_signal = signal.SIGINT  # "fast"
    drop_signal = signal.SIGQUIT  # "immediate": gives its shared memory back

    def __init__(self, *settings, **options):
        super().__init__(*settings, **options)
        self.own_port = self.port  # the one of its URIs may be that of something before it

    def make_data(self):
        password = self.folder / "password"
        password.write_text(PASSWORD)
        self.run_setup(POSTGRESQL_PROGRAMS / "initdb", f"--pgdata={self.folder}/data",
                       f"--username={self.user}", f"--pwfile={password}", "--auth=scram-sha-256",
                       "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")

    def command(self):
        return [POSTGRESQL_PROGRAMS / "postgres", "-D", self.folder / "data", "-h", self.host,
                "-p", self.own_port, "-k", self.folder, "-c", "fsync=on", "-c", "log_timezone=UTC",
                *(f"--{setting}" for setting in self.settings)]

    def client(self):
        return ["env", f"PGPASSWORD={PASSWORD}", "psql", "--no-psqlrc", "--quiet", "--tuples-only",
                "--no-align", "--field-separator=\t", "--set=ON_ERROR_STOP=1", "--no-password",
                "-h", self.host, "-p", self.own_port, "-U", self.user, "-d"]

    def socket_options(self):
        return f"host={self.folder}&port={self.own_port}"

    def _run_client(self, sql, database=None):
        return super()._run_client(sql, database or "postgres")


class PgBouncer(PostgreSql):
    """PostgreSQL, to which the URIs lead through PgBouncer: each transaction has another of its sessions."""

    def __init__(self, *settings, **options):
        super().__init__(*settings, **options)
        self.own_port = free_port()
        self.pooler = None

    def launch(self):
        super().launch()
        (self.folder / "users.txt").write_text(f'"{self.user}" "{PASSWORD}"\n')
        (self.folder / "pooler.ini").write_text("\n".join([
            "[databases]", f"* = host={self.host} port={self.own_port}",
            "[pgbouncer]", f"listen_addr={self.host}", f"listen_port={self.port}", "unix_socket_dir=",
            "auth_type=scram-sha-256", f"auth_file={self.folder}/users.txt", "pool_mode=transaction",
            "max_client_conn=500", "default_pool_size=20"]) + "\n")
        with open(self.folder / "pooler.log", "ab") as log:
            self.pooler = subprocess.Popen(
                self.as_owner(["/usr/sbin/pgbouncer", self.folder / "pooler.ini"]), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd=self.folder, start_new_session=True)

    def create_database(self, options=""):
        # A template must have no sessions, and the pooler keeps its own.
        self.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'mlflow_%'")
        return super().create_database(options)

    def answers(self):
        with socket.socket() as probe:
            return super().answers() and probe.connect_ex((self.host, self.port)) == 0

    def _end(self, number):
        pooler, self.pooler = self.pooler, None
        if pooler is not None:
            pooler.kill()
            pooler.wait()
        super()._end(number)


class GaleraNode(MariaDb):
    """One node; Galera starts it."""

    def __init__(self, *settings):
        super().__init__(*settings)
        self.group_port, self.transfer_port, self.snapshot_port = free_port(), free_port(), free_port()

    def member(self):
        return f"{self.host}:{self.group_port}"

    def join(self, members):
        """Sets it up as a member of that group; of an empty one it is the founder."""
        self.cluster = [
            "wsrep-on=ON", "wsrep-provider=/usr/lib/galera/libgalera_smm.so", "wsrep-sst-method=rsync",
            "binlog-format=ROW", "innodb-autoinc-lock-mode=2",
            f"wsrep-cluster-address=gcomm://{','.join(members)}",
            f"wsrep-node-address={self.member()}", f"wsrep-node-name=node-{self.port}",
            f"wsrep-sst-receive-address={self.host}:{self.snapshot_port}",
            f'wsrep-provider-options="base_host={self.host};base_port={self.group_port};'
            f"gmcast.listen_addr=tcp://{self.member()};ist.recv_addr={self.host}:{self.transfer_port};"
            'evs.keepalive_period=PT0.5S;evs.suspect_timeout=PT2S;gcache.size=32M"']

    def options(self):
        return [*super().options(), *self.cluster]

    def answers(self):
        """Whether it answers and has all that the others have."""
        done = self._run_client("SHOW STATUS LIKE 'wsrep_local_state_comment'")
        return done.returncode == 0 and done.stdout.split("\t")[-1].strip() == "Synced"


class Galera(Throwaway):
    """A cluster, each of whose nodes may be killed and started again."""

    def __init__(self, size=3, *settings):
        self.nodes = [GaleraNode(*settings) for _ in range(size)]

    def create_database(self, options=""):
        """Makes an empty database; returns its URI on each node, where it is then."""
        name = urllib.parse.urlsplit(self.nodes[0].create_database(options)).path[1:]
        for node in self.nodes:
            node.query(f"SET SESSION wsrep_sync_wait = 15; SHOW TABLES FROM {name}")
        return [node.uri(name) for node in self.nodes]

    def start(self):
        for index, node in enumerate(self.nodes):
            node.join([other.member() for other in self.nodes] if index else [])
            node.start()
        # From now on the first one finds the others, too.
        self.nodes[0].join([node.member() for node in self.nodes])

    def stop(self):
        for node in reversed(self.nodes):
            node.stop()

    def __exit__(self, *_):
        for node in reversed(self.nodes):
            node.__exit__()


SERVERS = {server.kind: server for server in (MariaDb, PostgreSql)}
# With what may stand between: the words of scripts/with_database and of --database.
KINDS = {**SERVERS, "pgbouncer": PgBouncer}
