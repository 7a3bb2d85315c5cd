"""Examines an installation for what its people would learn too late: open keys, missing backups, a proxy that keeps lists.

It looks at what this machine can see, and says what it cannot. It changes nothing and shows no secret.
"""

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, select

from config import Config
from facilitator import migrations
from facilitator.accounts.models import Facilitator, Role
from facilitator.db import SQLITE_LEAST, Database
from facilitator.keeping.backup import list_backups
from facilitator.keeping.place import IDENTITY
from facilitator.mail.urls import Tls
from facilitator.reminders.health import OLDEST_BACKUP, DeliveryHealth, check_delivery
from facilitator.reminders.models import Tick

NGINX = Path("/etc/nginx")
LEAST_FREE = 500_000_000  # bytes
LOCAL = {"localhost", "127.0.0.1", "::1"}
RESERVED = ("localhost", ".example", ".test", ".invalid", "example.org", "example.com", "example.net")  # RFC 2606
BUILT = datetime(2026, 11, 1, tzinfo=UTC)  # no clock that is right shows less
PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found.

    Args:
        serious: whether people are at risk until it is mended; a note otherwise.
        words: what it is and what to do.
    """

    serious: bool
    words: str


def examine(config: Config, database: Database, now: datetime, nginx: Path = NGINX) -> list[Finding]:
    """Return what is wrong with an installation, the serious first.

    Args:
        config: its settings, which were read without a mistake.
        database: at this program's schema, and opened with its vault key.
        now: the machine's clock.
        nginx: where the settings of a proxy on this machine lie.
    """
    looks = (
        _files(config, database),
        _backups(config, now),
        _database(database),
        _address(config),
        _mail(config),
        _clock(config, database, now),
        _proxy(config, nginx),
        _people(database),
        _delivery(database, now),
    )
    return sorted((finding for look in looks for finding in look), key=lambda finding: not finding.serious)


def _files(config: Config, database: Database) -> Iterator[Finding]:
    for path in (config.data_dir, *sorted(config.data_dir.iterdir())):
        inside = path != config.data_dir
        if path.stat().st_mode & stat.S_IRWXO and not (inside and _is_closed(config.data_dir)):
            yield _serious(f"Others on this machine can read {path}. Run: chmod o-rwx {path}")
    free = shutil.disk_usage(config.data_dir).free
    if free < LEAST_FREE:
        yield _serious(f"The disk of {config.data_dir} has {free // 1_000_000} MB left.")
    if database.is_sqlite and not os.access(config.data_dir, os.W_OK):
        yield _serious(f"{config.data_dir} takes no writing.")


def _is_closed(folder: Path) -> bool:
    return not folder.stat().st_mode & stat.S_IRWXO


def _backups(config: Config, now: datetime) -> Iterator[Finding]:
    if config.backup_dir is None:
        yield Finding(serious=not config.is_demo, words="No backups are made. Name a folder in FACILITATOR_BACKUP_DIR.")
        return
    if not _is_closed(config.backup_dir):
        yield _serious(f"Others on this machine can read {config.backup_dir}. Run: chmod o-rwx {config.backup_dir}")
    kept = list_backups(config.backup_dir)
    if not kept:
        yield _serious(f"There is no backup in {config.backup_dir} yet; the worker makes one every day.")
    elif now - datetime.fromtimestamp(kept[-1][1].stat().st_mtime, UTC) > OLDEST_BACKUP:
        yield _serious(f"The last backup is of {kept[-1][0].isoformat()}. Is the worker running?")
    if config.backup_dir.stat().st_dev == config.data_dir.stat().st_dev:
        yield _note(f"{config.backup_dir} is on the disk of the database. Copy the backups to another machine.")
    if (config.data_dir / IDENTITY).exists():
        words = "The key that opens the backups lies beside what they keep. Make one elsewhere with make-backup-key"
        yield _note(f"{words}, name its public part in FACILITATOR_BACKUP_RECIPIENT, and delete this one.")


def _database(database: Database) -> Iterator[Finding]:
    if migrations.current(database) != migrations.head():
        yield _serious("The database is not at this program's schema. Run: python -m facilitator init-db")
    if not database.is_sqlite:
        return
    if sqlite3.sqlite_version_info < SQLITE_LEAST:
        least = ".".join(map(str, SQLITE_LEAST))
        yield _serious(f"SQLite {sqlite3.sqlite_version} is too old; {least} is the least.")
    with database.engine.connect() as link:
        said = link.exec_driver_sql("PRAGMA quick_check").scalar()
    if said != "ok":
        yield _serious(f"The database file is damaged: {said}. Bring back the last backup.")


def _address(config: Config) -> Iterator[Finding]:
    parts = urlsplit(config.base_url)
    if config.is_demo:
        yield _note("This is a demonstration; its mail reaches nobody.")
    elif parts.scheme != "https":
        yield _serious(f"FACILITATOR_BASE_URL is {config.base_url}: passwords and links travel for all to read.")


def _mail(config: Config) -> Iterator[Finding]:
    url = config.mail_url
    if url.is_mailbox:
        return
    if url.tls is Tls.NONE and url.host not in LOCAL:
        yield _serious(f"Mail to {url.host} travels without TLS. Add ?tls=starttls to FACILITATOR_MAIL_URL.")
    domain = parseaddr(config.mail_from)[1].rpartition("@")[2].lower()
    if domain.endswith(RESERVED):
        yield _serious(f"FACILITATOR_MAIL_FROM is of {domain}, which is nobody's. Give an address of your own.")
        return
    records = f"dig TXT {domain}, dig TXT _dmarc.{domain}, and the DKIM selector of your mail server"
    yield _note(f"Whether {domain} has SPF, DKIM and DMARC cannot be seen from here. Ask: {records}.")


def _clock(config: Config, database: Database, now: datetime) -> Iterator[Finding]:
    with database.read() as db:
        seen = db.scalar(select(func.max(Tick.started_at)))
    written = datetime.fromtimestamp(config.data_dir.stat().st_mtime, UTC)
    last = max(at for at in (seen, written, BUILT) if at)
    if now < last - PATIENCE:
        yield _serious(f"The clock shows {now:%Y-%m-%d %H:%M} UTC, and it has been {last:%Y-%m-%d %H:%M} already.")


def _proxy(config: Config, nginx: Path) -> Iterator[Finding]:
    host = urlsplit(config.base_url).hostname or ""
    for path in sorted({*nginx.glob("sites-enabled/*"), *nginx.glob("conf.d/*.conf")}):
        try:
            text = path.read_text("utf-8", errors="replace")
        except OSError:
            yield _note(f"{path} cannot be read here; see that it keeps no log of requests.")
            continue
        lines = [line.strip() for line in text.splitlines() if not line.strip().startswith("#")]
        if not any(line.startswith("server_name") and host in line for line in lines):
            continue
        logs = [line for line in lines if line.startswith("access_log") and line != "access_log off;"]
        if logs or not any(line == "access_log off;" for line in lines):
            yield _serious(f"{path} keeps a log of requests, a list of who came. Write there: access_log off;")


def _people(database: Database) -> Iterator[Finding]:
    with database.read() as db:
        roles = db.scalars(select(Facilitator.role)).all()
    if not roles:
        yield _note("There is no account yet. Run: python -m facilitator create-facilitator EMAIL --role admin")
    elif Role.ADMIN not in roles:
        yield _serious("No account is an admin.")


def _delivery(database: Database, now: datetime) -> Iterator[Finding]:
    with database.read() as db:
        health: DeliveryHealth = check_delivery(db, now)
    if health.is_silent:
        yield _serious("The worker is silent: no reminder goes out. Start it, or look at its log.")
    elif not health.ok:
        yield _serious(f"Delivery is not well: {', '.join(health.told)}. The page Reminders says more.")
    if health.has_sqlite_fault:
        words = f"SQLite {health.sqlite_version} can damage its file, rarely, when two programs write at once"
        yield _note(f"{words}; 3.51.3 mends it. Keep backups, or use PostgreSQL.")


def _serious(words: str) -> Finding:
    return Finding(serious=True, words=words)


def _note(words: str) -> Finding:
    return Finding(serious=False, words=words)
