"""Other ways to hand mail to the same server: smtplib, APScheduler with a job per message, django-post-office.

Each sends messages of the size of ours and says how fast that went; what has to be prepared is not counted.
"""

import smtplib
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Engine, create_engine, event

from facilitator.mail.urls import MailUrl
from tests.bench.report import Speed, Stopwatch

SENDER, RECIPIENT = "notes@mail.example", "pat@example.org"
PATIENCE_S = 600.0
POST_OFFICE = "django-post-office==3.12.0"
POST_OFFICE_SCRIPT = """
import sys, time
import django
from django.conf import settings
folder, port, count, size = sys.argv[1], *map(int, sys.argv[2:])
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "post_office"], USE_TZ=True, DEFAULT_FROM_EMAIL="notes@mail.example",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/post-office-{port}.db"}},
    EMAIL_BACKEND="post_office.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=port,
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
)
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from post_office import mail
from post_office.models import Email, STATUS
text = ("A quiet line of text that says when and where.\\n" * 200)[:size // 2]
one = {"recipients": ["pat@example.org"], "subject": "Reminder", "message": text, "html_message": text}
mail.send_many([dict(one) for _ in range(count)])
begun = time.perf_counter()
mail.send_queued_mail_until_done()
seconds = time.perf_counter() - begun
Email.objects.exclude(status=STATUS.sent).exists() and sys.exit("not everything was sent")
Email.objects.all().delete()
print(seconds)
"""


def by_smtplib(target: MailUrl, content: bytes, messages: int, connections: int) -> Speed:
    """Send prebuilt bytes over lasting connections, each in a thread of its own."""

    def send(count: int) -> None:
        with smtplib.SMTP(target.host, target.port) as link:
            for _ in range(count):
                link.sendmail(SENDER, [RECIPIENT], content)

    threads = [threading.Thread(target=send, args=(messages // connections,)) for _ in range(connections)]
    watch = Stopwatch()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return watch.speed(messages)


class Jobs:
    """What the jobs of a scheduler share; a job store keeps names, not objects."""

    target = MailUrl()
    content = b""
    kept = threading.local()
    done = threading.Semaphore(0)


def send_once() -> None:
    """Be one job as the manuals write it: connect, send, leave."""
    with smtplib.SMTP(Jobs.target.host, Jobs.target.port) as link:
        link.sendmail(SENDER, [RECIPIENT], Jobs.content)
    Jobs.done.release()


def send_kept() -> None:
    """Be one job that keeps its thread's connection."""
    link = getattr(Jobs.kept, "link", None)
    if link is None or link[0] != Jobs.target.port:
        link = Jobs.kept.link = (Jobs.target.port, smtplib.SMTP(Jobs.target.host, Jobs.target.port))
    link[1].sendmail(SENDER, [RECIPIENT], Jobs.content)
    Jobs.done.release()


def by_apscheduler(engine: Engine, job: Callable[[], None], target: MailUrl, content: bytes, messages: int) -> Speed:
    """Keep one job for each message in an SQLAlchemyJobStore, and let all of them fall due at once."""
    Jobs.target, Jobs.content = target, content
    scheduler = BackgroundScheduler(timezone=UTC, jobstores={"default": SQLAlchemyJobStore(engine=engine)})
    scheduler.start(paused=True)
    try:
        now = datetime.now(UTC)
        for _ in range(messages):
            scheduler.add_job(job, "date", run_date=now, misfire_grace_time=None)
        watch = Stopwatch()
        scheduler.resume()
        for _ in range(messages):
            if not Jobs.done.acquire(timeout=PATIENCE_S):
                raise RuntimeError("APScheduler did not run every job.")
        return watch.speed(messages)
    finally:
        scheduler.shutdown()


def plain_engine(url: str) -> Engine:
    """Return an engine as SQLAlchemyJobStore(url=…) makes it."""
    return create_engine(url)


def tuned_engine(url: str) -> Engine:
    """Return an SQLite engine with a write-ahead log, as durable as ours."""
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def set_up(connection: object, _entry: object) -> None:
        for setting in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {setting}")  # type: ignore[attr-defined]

    return engine


def install_post_office(folder: Path) -> Path | None:
    """Install django-post-office into an environment of its own; return its Python, or None without an index."""
    python = folder / "post-office" / "bin" / "python"
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input", POST_OFFICE]
    with suppress(OSError, subprocess.SubprocessError):
        for command in ([sys.executable, "-m", "venv", python.parent.parent], pip):
            subprocess.run(
                command, check=True, timeout=120, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
        return python
    return None


def by_post_office(python: Path, folder: Path, target: MailUrl, messages: int, size: int) -> Speed:
    """Queue messages in django-post-office on SQLite and let it send its queue."""
    figures = [str(figure) for figure in (target.port, messages, size)]
    run = subprocess.run(
        [python, "-c", POST_OFFICE_SCRIPT, folder, *figures], check=True, capture_output=True, text=True, timeout=600
    )
    return Speed(per_second=messages / float(run.stdout))
