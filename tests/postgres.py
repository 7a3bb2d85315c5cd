"""A throw-away PostgreSQL server for the suite: started once per test process, a fresh database per test.

PostgreSQL refuses to run as root, so as root the server runs as the system user `postgres`.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from facilitator import migrations
from facilitator.db import Database
from facilitator.vault import Vault

TEMPLATE = "facilitator_template"
FORGETFUL = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"
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
        self._control(f'CREATE DATABASE "{TEMPLATE}"')
        template = Database(self.url(TEMPLATE), Vault(b"0" * 32))
        migrations.upgrade(template)
        template.close()

    def url(self, name: str) -> str:
        """Return the SQLAlchemy URL of a database on this server."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/{name}"

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Hand out the URL of a migrated, empty database and drop it afterwards."""
        name = f"test_{next(self._names)}"
        self._control(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
        try:
            yield self.url(name)
        finally:
            self._control(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _control(self, statement: str) -> None:
        with psycopg.connect(
            f"host=127.0.0.1 port={self._port} user=postgres dbname=postgres", autocommit=True
        ) as link:
            link.execute(statement)  # type: ignore[arg-type]


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
