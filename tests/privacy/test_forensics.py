"""What was erased is gone from the disk as well, not only from the tables: nothing of it is found by raw search.

The canaries are what really stands on the disk: sealed values, indexes, hashes and ids of a person, the secret and the
words of an open room. They are looked for in every file of the data folder, in several spellings, and by `strings`.
"""

import hashlib
import re
import subprocess
from base64 import b64encode
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from sqlalchemy import event, select, text

from facilitator.accounts.models import KeptAnswer
from facilitator.attendance.models import OpenRoom
from facilitator.attendance.service_room import room_words
from facilitator.db import SQLITE_SETTINGS, Database
from facilitator.groups.models import Participant
from facilitator.proof.browser import Browser, Device
from facilitator.proof.chance import repeated
from facilitator.proof.evening import COOKIE, Evening, Moment, visits_of
from facilitator.proof.images import read_tables
from facilitator.proof.stage import SPOOL
from facilitator.tokens import token_hash
from facilitator.web import once
from tests.privacy.evenings import files, play
from tests.real import require_tool

COMERS = visits_of((0, 1, 2, 3))
ENCODINGS = ("s", "l", "b")  # of strings: 8 bits, and 16 bits either way round


def spellings(canary: bytes) -> list[bytes]:
    """Return how a value may stand in a file."""
    found = [canary, canary.hex().encode(), b64encode(canary).rstrip(b"=")]
    if canary.isascii():
        words = canary.decode()
        found += [words.encode("utf-16-le"), words.encode("utf-16-be"), quote(words).encode(), words[::-1].encode()]
        found += [words.upper().encode(), words.lower().encode()]
    return found


def hits(stage, canaries):
    """List which canaries are found in which file; what was delivered is no longer ours, so the mailbox is left out."""
    kept = {name: content for name, content in files(stage).items() if not name.startswith(SPOOL)}
    found = {
        (name, what)
        for name, content in kept.items()
        for what, canary in canaries.items()
        if any(spelling in content for spelling in spellings(canary))
    }
    return sorted(found | read_strings(stage, kept, canaries))


def read_strings(stage, names, canaries):
    """Look for the canaries that are words in what `strings` makes of each file."""
    tool, found = str(require_tool("strings")), set()
    words = {what: canary for what, canary in canaries.items() if canary.isascii()}
    paths = {str(stage.folder / name): name for name in names}
    for encoding in ENCODINGS:
        done = subprocess.run([tool, "-a", "-f", "-e", encoding, *paths], capture_output=True, check=True, timeout=60)
        found |= {("strings", what) for what, word in words.items() if word in done.stdout}
    return found


def canaries_of(stage, person) -> dict[str, bytes]:
    """Return everything that is kept of a person, as it stands on the disk, and everything that must never stand there."""
    with stage.ground.database.read() as db:
        row = db.scalars(
            select(Participant).where(Participant.settings_hash == token_hash(person.settings_token))
        ).one()
    return {
        "address": person.address.encode(),
        "link": person.settings_token.encode(),
        "sealed address": row.address_sealed[1:],
        "sealed alias": row.alias_sealed[1:],
        "index of the address": row.address_index.encode(),
        "hash of the link": row.settings_hash.encode(),
    }, row.id.encode()


def canaries_of_room(stage) -> dict[str, bytes]:
    with stage.ground.database.read() as db:
        room = db.scalars(select(OpenRoom)).one()
    words = room_words(room, stage.clock())
    return {"secret": room.secret.encode(), "words": " ".join(words).encode(), "run together": "".join(words).encode()}


def forget(stage, person):
    """Let a person erase their address."""
    phone = Browser(stage.app, stage.config.base_url, Device(address="198.51.100.1", agent="Firefox"))
    phone.press(f"/m/{person.settings_token}", f"/m/{person.settings_token}", do="forget")


@contextmanager
def without(stage, *, secure_delete=True, folding=True):
    """Have a twin that does not overwrite what it deletes, or that leaves its log as it is."""
    engine = stage.ground.database.engine

    def careless(connection, _entry):
        if not secure_delete:
            connection.execute("PRAGMA secure_delete=OFF")
        if not folding:
            connection.execute("PRAGMA wal_autocheckpoint=0")

    fold = Database.checkpoint
    event.listen(engine, "connect", careless)
    engine.dispose()
    try:
        if not folding:
            Database.checkpoint = lambda _self: None
        yield
    finally:
        Database.checkpoint = fold
        event.remove(engine, "connect", careless)
        engine.dispose()


def erase_on(stage, cookie):
    """Play up to the evening, let somebody erase themselves, and return their canaries and their id."""
    play(stage, cookie, COMERS, Moment.READ)
    person = stage.cast.people[2]
    canaries, number = canaries_of(stage, person)
    forget(stage, person)
    return canaries, number


def test_nothing_of_a_person_is_on_the_disk_after_they_erased_themselves(stage, cookie):
    canaries, _id = erase_on(stage, cookie)
    assert len(canaries) == 6
    assert hits(stage, canaries) == []


def test_before_they_do_everything_is_found_that_the_database_holds_of_them(stage, cookie):
    play(stage, cookie, COMERS, Moment.READ)
    canaries, _id = canaries_of(stage, stage.cast.people[2])
    found = {what for _file, what in hits(stage, canaries)}
    assert found == canaries.keys() - {"address", "link"}


def test_their_number_is_gone_with_the_last_message_that_was_planned_for_them(stage, cookie):
    stage.begin_again()
    with repeated("evening"), stage.watched():
        evening = Evening(stage, cookie, COMERS)
        for moment in evening.play():
            if moment is Moment.CLOSED:
                _canaries, number = canaries_of(stage, stage.cast.people[2])
                forget(stage, stage.cast.people[2])
        assert hits(stage, {"number": number}) == []


@pytest.mark.parametrize("careless", [{"secure_delete": False}, {"folding": False}], ids=str)
def test_a_twin_that_deletes_carelessly_is_found_out(stage, cookie, careless):
    with without(stage, **careless):
        canaries, _id = erase_on(stage, cookie)
        assert hits(stage, canaries)


def test_nothing_of_a_room_is_on_the_disk_after_it_was_closed(stage, cookie):
    found = {}

    def watch(moment):
        if moment is Moment.OPEN:
            found.update(canaries_of_room(stage))
            assert ("facilitator.db-wal", "secret") in hits(stage, found)

    play(stage, cookie, COMERS, Moment.CLOSED, watch=watch)
    with stage.ground.database.read() as db:
        assert db.scalars(select(OpenRoom)).all() == []
    assert len(found) == 3
    assert hits(stage, found) == []


@pytest.mark.parametrize("careless", [{"secure_delete": False}, {"folding": False}], ids=str)
def test_a_twin_that_closes_carelessly_is_found_out(stage, cookie, careless):
    found = {}
    with without(stage, **careless):
        play(
            stage,
            cookie,
            COMERS,
            Moment.CLOSED,
            watch=lambda moment: found.update(canaries_of_room(stage)) if moment is Moment.OPEN else None,
        )
        assert hits(stage, found)


def test_on_postgresql_no_row_holds_anything_of_a_person_who_erased_themselves(stage_on_postgresql):
    stage = stage_on_postgresql
    stage.begin_again()
    canaries, _number = canaries_of(stage, stage.cast.people[2])
    before = b"".join(rows for _name, rows in read_tables(stage.ground.database.engine))
    forget(stage, stage.cast.people[2])
    after = b"".join(rows for _name, rows in read_tables(stage.ground.database.engine))
    words = {what: value for what, value in canaries.items() if value.isascii()}
    assert {what for what, value in words.items() if value in before} == {"index of the address", "hash of the link"}
    assert [what for what, value in words.items() if value in after] == []
    assert [what for what, value in canaries.items() if repr(value)[2:-1].encode() in after] == []


def test_every_pooled_connection_overwrites_what_it_deletes_and_puts_nothing_aside_on_a_disk(stage):
    wanted = {name: expected for name, (_value, expected) in SQLITE_SETTINGS.items()} | {"temp_store": 2}
    with ExitStack() as open_at_once:
        links = [open_at_once.enter_context(stage.ground.database.engine.connect()) for _ in range(10)]
        kept = [{name: link.scalar(text(f"PRAGMA {name}")) for name in wanted} for link in links]
    assert wanted["secure_delete"] == 1
    assert wanted["journal_mode"] == "wal"
    assert kept == [wanted] * 10
    with without(stage, secure_delete=False), stage.ground.database.engine.connect() as link:
        assert link.scalar(text("PRAGMA secure_delete")) != wanted["secure_delete"]


@pytest.mark.parametrize("has_key", [True, False])
def test_the_mark_that_is_kept_of_a_press_does_not_give_away_what_was_pressed(stage, cookie, monkeypatch, has_key):
    """A press that is to be done once is kept for a day as a hash, and of a headcount there are only so many."""
    if not has_key:
        plain = SimpleNamespace(new=lambda _key, message, kind: kind(message))
        monkeypatch.setattr(once, "hmac", plain)
    play(stage, cookie, COMERS, Moment.OPEN)
    meeting = stage.cast.meetings[0]
    stage.clock.at = meeting.ends_at
    desk = Browser(stage.app, stage.config.base_url, Device(address="192.0.2.1", agent="Firefox/145"))
    desk.keep_cookie(COOKIE, cookie)
    path = f"/sessions/{meeting.id}/close"
    [token] = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', desk.read(path))[:1]
    headers = [("Idempotency-Key", "k" * 22)]
    sent = {"csrf_token": token, "headcount": "8", "do": "count"}
    assert desk.open(path, method="POST", data=sent, more_headers=headers).status_code == 303
    with stage.ground.database.read() as db:
        kept = db.scalars(select(KeptAnswer.request_sha)).one()
    guesses = {guess(f"{path}?", {"headcount": str(count), "do": "count"}) for count in range(501)}
    assert (kept in guesses) is not has_key


def guess(address, typed):
    """Return what the hash of a press would be if everybody could work it out."""
    found = hashlib.sha256(repr(address).encode())
    for item in typed.items():
        found.update(repr(item).encode())
    return found.hexdigest()
