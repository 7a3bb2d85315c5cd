"""An address and an alias go through their whole life, and after the erasure nothing of them is found anywhere.

They are added on the page, asked, confirmed, written to, refused by a server that quotes them, and returned. What is
searched is everything that the installation has: every file of the data folder, with the log of the worker, the local
mailbox and what was put aside for a while, and on PostgreSQL a full dump.
"""

import json
import logging
import os
import re
import subprocess
import sys
import tempfile
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import event, func, select

from facilitator import logs
from facilitator.db import Database
from facilitator.groups import people
from facilitator.mail import mailbox, outcome
from facilitator.mail.returned import Action, Kind, Report, Returned
from facilitator.participant.service_messages import list_leads
from facilitator.reminders.models import Attempt, OutboxMessage, ReturnedMail
from facilitator.reminders.returns import apply
from facilitator.reminders.rules import OutboxState
from facilitator.ticks import Worker
from facilitator.worker import MARK, mail_target, make_station
from tests.conftest import VAULT_KEY
from tests.factories import ON_SQLITE
from tests.groups.test_pages import add
from tests.mail.servers import Strict, honest
from tests.privacy.test_forensics import spellings
from tests.real import require_tool

ROOT = Path(__file__).resolve().parents[2]
ALIAS, LOCAL, ADDRESS = "Quillanaria", "quetzal.canary77", "Quetzal.Canary77@Example.org"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LINK = re.compile(r"/m/([\w-]{22,})/confirm")


def written(word: str) -> list[bytes]:
    """Return how a word may stand in a file, in each case, and in base64 wherever in it the word begins."""
    cases = {word, word.lower(), word.upper(), word.title()}
    found = [spelling for case in cases for spelling in spellings(case.encode())]
    for case in cases:
        found += [
            quote(case, safe="").encode(),
            case.encode("ascii").replace(b"@", b"=40"),
            case.replace("@", "=").encode(),
        ]
        for shift in range(3):
            # the characters that the neighbours of the word have a part in are left out
            coded = b64encode(b"\0" * shift + case.encode())
            found.append(coded[(0, 2, 3)[shift] : len(coded) - 4])
    return [each for each in found if len(each) > 5]


class Quoting(Strict):
    """A server that refuses the person, and names them as it does so."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if LOCAL in address.lower():
            return self.answer
        return await super().handle_RCPT(server, session, envelope, address, options)


@dataclass(kw_only=True)
class Life:
    """The house with one person more on its list, the worker, and everything that is kept in between."""

    house: object
    config: object
    target: object

    def worker(self, target=None):
        station = make_station(self.config, self.house.database, self.house.clock, target or self.target)
        folder = self.config.data_dir
        return Worker(station=station, app=self.house.app, mark=folder / MARK, mailbox=self.config.mailbox_dir)

    def work(self, *names, target=None):
        for name in names or ("plan", "audit", "dispatch"):
            self.worker(target).tick(name)

    def person(self):
        with self.house.read() as db:
            [found] = (one for one in people.list_people(db, _group(self, db)) if one.alias == ALIAS)
            return found

    def begin(self):
        """Add the person, and let the question reach them; return the token of their link."""
        sessions = self.house.plan()
        answer = add(self.house.client(), self.house, f"{ALIAS}, {ADDRESS}")
        assert answer.status_code == 303
        self.work()
        letters = [path.read_bytes() for path in self.config.mailbox_dir.glob("*.eml")]
        [mine] = [letter for letter in letters if LOCAL.encode() in letter.lower().partition(b"\n")[0]]
        self.last, self.token = sessions[-1], LINK.search(mine.decode())[1]
        self.house.client(None).get(f"/m/{self.token}/confirm")
        return self.token

    def confirm(self):
        chosen = {"do": "yes", "wording": "full", "quiet_from": "21:00", "quiet_to": "08:00", "days": list("0123456")}
        with self.house.read() as db:
            chosen["leads"] = [str(lead) for lead in _leads(db, self)]
        assert self.house.client(None).post(f"/m/{self.token}/confirm", data=chosen).status_code == 303
        assert self.person().participant.consent_round == 1

    def live(self):
        """Let the person be written to: taken, put off and refused by a server that quotes them, and returned."""
        self.begin()
        self.confirm()
        said = f"4.2.1 <{ADDRESS}> {LOCAL} is asked to wait, {LOCAL.upper()}"
        for answer in (None, "451 " + said, "550 5.7.1 " + said, None):
            self.meet_next(answer)
        with self.house.change() as db:
            mine = select(OutboxMessage).where(OutboxMessage.participant_id == self.person().participant.id)
            sent = db.scalars(mine.where(OutboxMessage.state == OutboxState.SENT).order_by(OutboxMessage.id)).all()
            full = Returned(action=Action.FAILED, status="5.2.2")
            apply(db, Report(kind=Kind.REPORT, envelope_id=sent[-1].uuid, recipients=(full,)), self.house.clock())
        with self.house.read() as db:
            states = set(db.scalars(select(OutboxMessage.state).where(OutboxMessage.id.in_(select(Attempt.outbox_id)))))
            assert {OutboxState.SENT, OutboxState.FAILED} <= states
            assert db.scalar(select(func.count()).select_from(ReturnedMail)) == 1
        assert sum(LOCAL.encode() in letter.lower() for letter in self.letters()) >= 3

    def meet_next(self, answer):
        """Go on to the next reminder of the person, and hand it over to the mailbox or to a server that refuses."""
        with self.house.read() as db:
            mine = OutboxMessage.participant_id == self.person().participant.id
            due = select(func.min(OutboxMessage.next_attempt_at, type_=OutboxMessage.next_attempt_at.type))
            at = db.scalar(due.where(mine, OutboxMessage.state == OutboxState.PENDING))
        self.house.clock.at = max(self.house.clock.at, at) + timedelta(seconds=1)
        if answer is None:
            self.work()
            return
        with honest(Quoting(answer)) as refusing:
            self.work(target=refusing)

    def letters(self):
        return [path.read_bytes() for path in self.config.mailbox_dir.glob("*.eml")]

    def canaries(self):
        """Return every way in which something of the person is kept, by what it is."""
        row = self.person().participant
        kept = {
            "link": self.token.encode(),
            "sealed address": row.address_sealed[1:],
            "sealed alias": row.alias_sealed[1:],
            "index of the address": row.address_index.encode(),
            "hash of the link": row.settings_hash.encode(),
        }
        words = {"alias": ALIAS, "name of the address": LOCAL, "address": ADDRESS}
        return {what: written(word) for what, word in words.items()} | {
            what: spellings(value) for what, value in kept.items()
        }

    def everything(self):
        """Return every byte that the installation has, by the name of where it lies."""
        folder = Path(self.config.data_dir)
        found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        return found if self.house.database.is_sqlite else found | {"dump": dump(self.config.database_url)}

    def hits(self, canaries):
        # a line of quoted-printable may break within a word
        kept = {name: content + content.replace(b"=\r\n", b"") for name, content in self.everything().items()}
        return sorted(
            (re.sub("[0-9a-fT-]{20,}", "*", name), what)
            for name, content in kept.items()
            for what, spelled in canaries.items()
            if any(each in content for each in spelled)
        )


def _group(life, db):
    return db.get_one(people.Group, life.house.group_id)


def _leads(db, life):
    return list_leads(db, _group(life, db))


def dump(url):
    """Return everything that a PostgreSQL database holds, as its own tool writes it down."""
    tool = require_tool("pg_dump")
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    done = subprocess.run([str(tool), "--inserts", plain], capture_output=True, check=True, timeout=60)
    return done.stdout


@pytest.fixture
def life(house, config, monkeypatch):
    """A life about to begin, with the log and whatever is put aside for a while in the data folder."""
    aside = Path(config.data_dir) / "tmp"
    aside.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(aside))
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with (Path(config.data_dir) / "log").open("w", encoding="utf-8") as file, mail_target(config) as target:
        logs.set_up(file)
        try:
            yield Life(house=house, config=config, target=target)
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)


# the ways in which a person goes


def end(life):
    """Let the series end, and 30 days go by."""
    life.house.clock.at = life.last.ends_at + 30 * DAY
    life.work("purge")


def forget(life):
    assert life.house.client(None).post(f"/m/{life.token}", data={"do": "forget"}).status_code == 303


def forget_when_asked_again(life):
    assert life.house.client(None).post(f"/m/{life.token}/still", data={"do": "forget"}).status_code == 303


def take_off(life):
    path = f"/people/{life.person().participant.id}/remove"
    assert life.house.client().post(life.house.at(path)).status_code == 303


def erase_by_hand(life):
    life.house.clock.at = life.last.ends_at + HOUR
    assert life.house.client().post(life.house.at("/people/erase")).status_code == 303


WAYS = (end, forget, forget_when_asked_again, take_off, erase_by_hand)


@pytest.mark.parametrize("go", WAYS, ids=lambda go: go.__name__)
def test_nothing_of_a_person_is_left_anywhere_when_they_are_gone(life, go):
    life.live()
    canaries = life.canaries()
    assert len(canaries) == 8
    go(life)
    assert life.hits(canaries) == []
    stays = go not in (end, erase_by_hand)
    assert any(b"Delivered-To: pat@example.org" in letter for letter in life.letters()) is stays


def test_nothing_of_a_person_is_left_who_says_no_to_the_question(life):
    life.begin()
    canaries = life.canaries()
    assert life.house.client(None).post(f"/m/{life.token}/confirm", data={"do": "no"}).status_code == 303
    assert life.hits(canaries) == []


def test_before_that_everything_is_found_that_is_kept_of_them_and_no_alias_is_written_anywhere(life):
    life.live()
    found = life.hits(life.canaries())
    assert {what for name, what in found if not name.startswith("mailbox")} == {
        "sealed address",
        "sealed alias",
        "index of the address",
        "hash of the link",
    }
    assert {what for name, what in found if name.startswith("mailbox")} == {"link", "name of the address", "address"}


def test_a_message_that_arrives_after_the_person_went_goes_with_the_next_purge(life):
    life.live()
    canaries = life.canaries()
    late = next(path for path in life.config.mailbox_dir.glob("*.eml") if LOCAL.encode() in path.read_bytes().lower())
    content = late.read_bytes()
    forget(life)
    late.write_bytes(content)
    assert life.hits(canaries)
    life.work("purge")
    assert life.hits(canaries) == []


# twins that are careless


def keep_mail(_life, monkeypatch):
    monkeypatch.setattr(mailbox, "erase", lambda _folder, _is_gone: 0)


def quote_servers(_life, monkeypatch):
    monkeypatch.setattr(outcome, "hide_address", lambda reply, _address: reply)


def leave_the_log(life, monkeypatch):
    @event.listens_for(life.house.database.engine, "connect")
    def careless(connection, _entry):
        connection.execute("PRAGMA wal_autocheckpoint=0")

    life.house.database.engine.dispose()
    monkeypatch.setattr(Database, "checkpoint", lambda _self: True)


def leave_free_pages(life, _monkeypatch):
    @event.listens_for(life.house.database.engine, "connect")
    def careless(connection, _entry):
        connection.execute("PRAGMA secure_delete=OFF")

    life.house.database.engine.dispose()


@pytest.mark.parametrize(
    ("careless", "where"),
    [
        (keep_mail, "mailbox"),
        (quote_servers, "facilitator.db"),
        (leave_the_log, "facilitator.db-wal"),
        (leave_free_pages, "facilitator.db"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@ON_SQLITE
def test_a_twin_that_erases_carelessly_is_found_out(life, monkeypatch, careless, where):
    careless(life, monkeypatch)
    life.live()
    canaries = life.canaries()
    forget(life)
    assert where in {name.partition("/")[0] for name, _what in life.hits(canaries)}


# as processes of its own


@pytest.mark.processes
@ON_SQLITE
def test_the_verbs_of_the_command_line_leave_nothing_either(house, config):
    life = Life(house=house, config=config, target=None)
    folder = Path(config.data_dir)

    def type_in(*arguments):
        own = {"MODE": "demo", "DATA_DIR": str(folder), "VAULT_KEY": urlsafe_b64encode(VAULT_KEY).decode()}
        named = {f"FACILITATOR_{name}": value for name, value in own.items()}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FACILITATOR_")}
        with (folder / "log").open("a", encoding="utf-8") as log:
            done = subprocess.run(
                [sys.executable, "-m", "facilitator", *arguments, "--now", house.clock().isoformat()],
                cwd=ROOT,
                env={**clean, **named, "TMPDIR": str(folder)},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                timeout=60,
                check=True,
            )
        return json.loads(done.stdout)

    life.work = lambda *_names, **_target: type_in("send-due")
    life.begin()
    life.confirm()
    life.meet_next(None)
    canaries = life.canaries()
    assert life.hits(canaries)
    house.clock.at = life.last.ends_at + 29 * DAY
    assert type_in("erase-due")["lists"] == 0
    house.clock.advance(days=1)
    counts = type_in("erase-due")
    assert (counts["lists"], counts["people"], counts["materials"]) == (1, 2, 0)
    assert counts["messages"] > 2
    assert counts["kept_mail"] > 1
    assert life.hits(canaries) == []
    assert type_in("erase-due") == dict.fromkeys(counts, 0)
