"""A throw-away PostgreSQL server for the suite: started once per test process, an empty database per test.

Making a database takes longer than most tests, so one that was used is emptied for the next, unless its test changed
more than rows. PostgreSQL refuses to run as root, so as root the server runs as the system user `postgres`.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psycopg

from facilitator import migrations
from facilitator.db import Database
from facilitator.vault import Vault

TEMPLATE = "facilitator_template"
FORGETFUL = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"
# everything that is not a row: objects take numbers as they are made, and settings of a database count one by one
SHAPE = """
SELECT (SELECT max(oid::bigint) FROM pg_class), (SELECT max(oid::bigint) FROM pg_proc),
       (SELECT max(oid::bigint) FROM pg_trigger), (SELECT count(*) FROM pg_class),
       (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_statistic WHERE starelid >= 16384),
       (SELECT count(*) FROM pg_db_role_setting), (SELECT min(version_num) FROM alembic_version)
"""
OTHERS_OUT = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# rows alone; what a migration wrote stays
EMPTY = """
DO $$
DECLARE name text;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
             AND tablename NOT IN ('alembic_version', 'outbox_edge')
  LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
  FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
  LOOP EXECUTE format('SELECT setval(%L, 1, false)', name); END LOOP;
END $$
"""
DURABLE = "-c fsync=on -c synchronous_commit=on -c full_page_writes=on -c max_connections=60"


def find_binaries() -> Path | None:
    """Return the folder of initdb and pg_ctl, or None when PostgreSQL is not installed."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Server:
    """A running server that hands out databases."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._names = count()
        self._idle: list[str] = []
        self._control(f'CREATE DATABASE "{TEMPLATE}"')
        template = Database(self.url(TEMPLATE), Vault(b"0" * 32))
        migrations.upgrade(template)
        template.close()
        with self._link(TEMPLATE) as link:
            self._shape = link.execute(SHAPE).fetchone()

    def url(self, name: str) -> str:
        """Return the SQLAlchemy URL of a database on this server."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/{name}"

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Hand out the URL of a migrated, empty database and take it back afterwards."""
        if self._idle:
            name = self._idle.pop()
        else:
            name = f"test_{next(self._names)}"
            self._control(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
        try:
            yield self.url(name)
        finally:
            if self._emptied(name):
                self._idle.append(name)
            else:
                self._control(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _emptied(self, name: str) -> bool:
        """Delete every row that a test wrote; tell whether the database is then as it was made."""
        with self._link(name) as link, suppress(psycopg.errors.UndefinedTable):
            link.execute(OTHERS_OUT)
            if link.execute(SHAPE).fetchone() != self._shape:
                return False
            link.execute(EMPTY)
            return True
        return False

    def _control(self, statement: str) -> None:
        with self._link("postgres") as link:
            link.execute(statement)  # type: ignore[arg-type]

    def _link(self, name: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(f"host=127.0.0.1 port={self._port} user=postgres dbname={name}", autocommit=True)


@contextmanager
def running(binaries: Path, settings: str = FORGETFUL) -> Iterator[Server]:
    """Start a server in a folder of its own and stop it afterwards.

    Args:
        binaries: where initdb and pg_ctl are.
        settings: FORGETFUL is quick and loses data with the power; DURABLE is what an installation runs.
    """
    folder = Path(tempfile.mkdtemp(prefix="facilitator-pg-", dir="/tmp"))
    cluster, port = folder / "cluster", _free_port()
    prefix: list[str] = []
    if os.getuid() == 0:
        prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        shutil.chown(folder, "postgres", "postgres")
    folder.chmod(0o755)

    def run(*command: str) -> None:
        subprocess.run(
            [*prefix, *command],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
        )

    try:
        run(
            str(binaries / "initdb"),
            "-A",
            "trust",
            "-U",
            "postgres",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-D",
            str(cluster),
        )
        options = f"{settings} -c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder}"
        run(str(binaries / "pg_ctl"), "-w", "-D", str(cluster), "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield Server(port)
        finally:
            run(str(binaries / "pg_ctl"), "-D", str(cluster), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
