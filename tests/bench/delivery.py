"""Messages per second from the outbox to the mail server, beside other ways to hand mail to the same server.

The machine may be busy with other things, so the contenders take turns, several times, and medians are compared.
Then a worker process delivers reminders that fall due within one minute, and a large backlog.
"""

import argparse
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from facilitator.mail.urls import MailUrl
from tests import sinks
from tests.bench import delivery_peers as peers
from tests.bench import delivery_stream
from tests.bench.delivery_ours import Ours
from tests.bench.outbox_crowd import engines
from tests.bench.report import Speed, print_table

Contender = Callable[[], Speed]
LETTER_BYTES = 3600  # of ours, with headers; what the others send is as long
PLAIN_MESSAGES = 8000  # of those who keep no outbox
AIMS = (
    # ours, the other, and how many times as fast ours is to be
    ("ours {engine}, 1 connection, 1 a commit", "smtplib, 1 connection", 0.9),
    ("ours {engine}, 4 connections, 1 a commit", "smtplib, 4 connections", 0.9),
    ("ours {engine}, 1 connection, large backlog", "smtp-source, 1 connection", 0.8),
    ("ours {engine}, 1 connection, 1 a commit", "by hand {engine}, 1 connection, 1 a commit", None),
    ("ours {engine}, 1 connection, 1 a commit", "APScheduler jobs, {engine}", 5.0),
    ("ours {engine}, 1 connection, 1 a commit", "APScheduler jobs, sqlite, WAL, kept connections", None),
    ("ours {engine}, 1 connection, 1 a commit", "django-post-office, sqlite", 5.0),
)


def run(arguments: Sequence[str]) -> int:
    """Print what each contender hands over per second, the ratios beside the aims, and the figures of a worker."""
    parser = argparse.ArgumentParser(prog="dev.py bench delivery", description=run.__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=3000, help="of ours in one round")
    parser.add_argument("--engines", default="sqlite,postgresql")
    parser.add_argument("--only", choices=["rates", "worker"], help="leave the other half out")
    options = parser.parse_args(arguments)
    if sinks.find_programs() is None:
        print("smtp-sink and smtp-source are not installed (apt-get install postfix), so nothing was measured.")
        return 1
    names = options.engines.split(",")
    if options.only != "worker":
        _compare(options.rounds, options.messages, names)
    if options.only != "rates":
        for name in names:
            delivery_stream.run(name, with_backlog=name == names[0])
    return 0


def _compare(rounds: int, messages: int, names: Sequence[str]) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="facilitator-bench-")))
        contenders = _contenders(stack, folder, messages, names)
        figures: dict[str, list[Speed]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, measure in contenders.items():
                figures[name].append(measure())
    print_table(
        ("messages per second", "median", "from", "to", "CPU ms each"),
        [(name, *_describe(found)) for name, found in figures.items()],
    )
    _print_ratios({name: median(speed.per_second for speed in found) for name, found in figures.items()}, names)


def _describe(found: Sequence[Speed]) -> tuple[str, ...]:
    speeds = [speed.per_second for speed in found]
    worked = [speed.cpu_ms for speed in found if speed.cpu_ms is not None]
    return (*(f"{of(speeds):,.0f}" for of in (median, min, max)), f"{median(worked):.2f}" if worked else "")


def _contenders(stack: ExitStack, folder: Path, messages: int, names: Sequence[str]) -> dict[str, Contender]:
    target = stack.enter_context(sinks.sink())
    databases = stack.enter_context(engines(*names))
    content = b"Subject: Reminder\r\n\r\n" + b"A quiet line of text that says when and where.\r\n" * (
        LETTER_BYTES // 48
    )
    found: dict[str, Contender] = {}
    for name, database in databases.items():
        ours = Ours(database, target, messages)
        for count, lanes in ((1, "1 connection"), (4, "4 connections")):
            found[f"ours {name}, {lanes}, 1 a commit"] = partial(ours.rate, count, 1)
            found[f"ours {name}, {lanes}, large backlog"] = partial(ours.rate, count, None)
        if name == "sqlite":
            found["by hand sqlite, 1 connection, 1 a commit"] = partial(ours.least, content)
    for count, lanes in ((1, "1 connection"), (4, "4 connections")):
        found[f"smtplib, {lanes}"] = partial(peers.by_smtplib, target, content, PLAIN_MESSAGES, count)
        found[f"smtp-source, {lanes}"] = partial(_pour, target, count)
    scheduled = partial(peers.by_apscheduler, target=target, content=content)
    for name, url in _scheduler_urls(stack, folder, names).items():
        engine = peers.plain_engine(url)
        stack.callback(engine.dispose)
        found[f"APScheduler jobs, {name}"] = partial(scheduled, engine, peers.send_once, messages=400)
    tuned = peers.tuned_engine(f"sqlite:///{folder}/tuned.db")
    stack.callback(tuned.dispose)
    found["APScheduler jobs, sqlite, WAL, kept connections"] = partial(scheduled, tuned, peers.send_kept, messages=1000)
    python = peers.install_post_office(folder)
    if python is None:
        print("The package index does not answer, so django-post-office is left out.")
    else:
        found["django-post-office, sqlite"] = partial(
            peers.by_post_office, python, folder, target, messages=1000, size=LETTER_BYTES
        )
    return found


def _pour(target: MailUrl, connections: int) -> Speed:
    return Speed(per_second=PLAIN_MESSAGES / sinks.pour(target, PLAIN_MESSAGES, connections, LETTER_BYTES))


def _scheduler_urls(stack: ExitStack, folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Give APScheduler databases of its own, as durable as ours."""
    urls = {"sqlite": f"sqlite:///{folder}/jobs.db"}
    if "postgresql" in names:
        for name, database in stack.enter_context(engines("postgresql")).items():
            urls[name] = database.engine.url.render_as_string(hide_password=False)
    return urls


def _print_ratios(medians: dict[str, float], names: Sequence[str]) -> None:
    rows = []
    for name in names:
        for pattern, beside, aim in AIMS:
            ours, other = pattern.format(engine=name), beside.format(engine=name)
            if ours in medians and other in medians:
                ratio = medians[ours] / medians[other]
                met = "" if aim is None else f"at least {aim}", "" if aim is None else _yes(ratio >= aim)
                rows.append((ours, other, f"{ratio:.2f}", *met))
    print_table(("ours", "beside", "ratio", "aim", "met"), rows)


def _yes(met: bool) -> str:  # noqa: FBT001 - reads as a sentence at the call
    return "yes" if met else "NO"
