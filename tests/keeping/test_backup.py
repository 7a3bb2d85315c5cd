"""Backups: everything comes back, on either engine; who was erased since does not, and nothing is ever half there."""

import json
import os
import signal
import subprocess
import sys
from base64 import b64decode
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from facilitator.accounts.models import Facilitator
from facilitator.attendance.rules_room import Way
from facilitator.attendance.service_room import close_open_room, open_room
from facilitator.db import Database
from facilitator.errors import Conflict, Invalid
from facilitator.groups.models import ADDRESS_PLACE, Group, Participant
from facilitator.groups.people import list_people, remove_participant, settings_token
from facilitator.keeping import backup as making
from facilitator.keeping.backup import KEYS_NAME, backup_path, forget_old, list_backups, make_backup, renew_keys
from facilitator.keeping.restore import restore_backup
from facilitator.keeping.sealed_files import new_identity, read_sealed, recipient_of
from facilitator.planning.models import GroupSession
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.rules import OutboxState
from facilitator.vault import SealError, Vault
from tests.conftest import VAULT_KEY
from tests.factories import make_message
from tests.keeping.conftest import everything_in

PASSING = {"kept_answer", "sign_in_attempts", "worker_beat"}
ROOT = Path(__file__).parents[2]
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "backups"
    place.mkdir()
    return place


@pytest.fixture
def back_up(kept, folder, identity):
    """Make a backup of a day and return its path."""

    def make(on=date(2026, 11, 23)):
        return make_backup(kept.database, backup_path(folder, on), recipient_of(identity)).path

    return make


def restore(other, path, identity, now, keys=None):
    return restore_backup(other, path, keys or path.with_name(KEYS_NAME), identity, now)


def lines_of(path, identity):
    found = []
    read_sealed(path, identity, lambda line: found.append(json.loads(line)))
    return found


def keys_in(folder, identity):
    """Return the wrapped key of each person, by id."""
    return {line[0]: b64decode(line[1]) for line in lines_of(folder / KEYS_NAME, identity) if isinstance(line, list)}


def people_in(path, identity):
    """Return the rows of people in a dated backup."""
    rows, columns = [], []
    for line in lines_of(path, identity):
        if isinstance(line, dict):
            columns = line.get("columns", []) if line.get("table") == "participant" else []
        elif columns:
            rows.append(dict(zip(columns, line, strict=True)))
    return rows


def test_everything_comes_back_on_either_engine(kept, other, back_up, identity, now):
    before = everything_in(kept.database, without=PASSING)
    assert sum(map(len, before.values())) > 40
    done = restore(other, back_up(), identity, now)
    assert everything_in(other, without=PASSING) == before
    assert (done.rows, done.erased, done.held) == (sum(map(len, before.values())), 0, 0)
    with other.read() as db:
        group = db.get_one(Group, kept.group_id)
        assert [person.address for person in list_people(db, group)] == [
            "ari@example.org", "kim@example.org", "pat@example.org",
        ]  # fmt: skip


def test_what_is_written_afterwards_gets_numbers_of_its_own(kept, other, back_up, identity, now):
    restore(other, back_up(), identity, now)
    with other.write() as db:
        last = db.scalar(select(func.max(OutboxMessage.id)))
        session = db.scalars(select(GroupSession).order_by(GroupSession.starts_at)).first()
        assert make_message(db, session).id > last


@ON_SQLITE
def test_links_that_were_sent_out_stay_good(kept, other, back_up, identity, now):
    restore(other, back_up(), identity, now)
    with kept.read() as before, other.read() as after:
        pat = [db.get_one(Participant, kept.person_id) for db in (before, after)]
        assert settings_token(before, pat[0]) == settings_token(after, pat[1])


def test_who_was_erased_after_a_backup_opens_in_no_copy_of_it(kept, other, back_up, folder, identity, now):
    path = back_up(now.date() - timedelta(days=13))
    wrapped = keys_in(folder, identity)[kept.person_id]
    with kept.change() as db:
        remove_participant(db, db.get_one(Participant, kept.person_id))
    renew_keys(kept.database, folder, recipient_of(identity))

    [pat] = [row for row in people_in(path, identity) if row["id"] == kept.person_id]
    sealed, vault = b64decode(pat["address_sealed"]), Vault(VAULT_KEY)
    assert vault.unwrap(kept.person_id, wrapped).open(ADDRESS_PLACE, kept.person_id, sealed) == "pat@example.org"
    left = [vault.unwrap(*each) for each in keys_in(folder, identity).items()]
    assert len(left) == 2
    for sealer in (*left, vault):
        with pytest.raises(SealError):
            sealer.open(ADDRESS_PLACE, kept.person_id, sealed)
    assert restore(other, path, identity, now).erased == 1
    with other.read() as db:
        assert db.get(Participant, kept.person_id) is None
        assert db.scalar(select(func.count()).select_from(Participant)) == 2


@ON_SQLITE
def test_a_careless_backup_that_keeps_the_keys_is_noticed(kept, back_up, identity, monkeypatch):
    monkeypatch.setattr(making, "KEY_COLUMN", "settings_hash")
    [pat] = [row for row in people_in(back_up(), identity) if row["id"] == kept.person_id]
    opened = Vault(VAULT_KEY).unwrap(pat["id"], b64decode(pat["key_wrapped"]))
    assert opened.open(ADDRESS_PLACE, pat["id"], b64decode(pat["address_sealed"])) == "pat@example.org"


def test_what_fell_due_since_waits_for_a_person(kept, other, back_up, identity, now):
    path = back_up()
    with kept.read() as db:
        first, second = db.scalars(select(OutboxMessage).order_by(OutboxMessage.due_at)).all()[:2]
    done = restore(other, path, identity, first.due_at)
    assert done.held >= 1
    with other.read() as db:
        assert db.get_one(OutboxMessage, first.id).state == OutboxState.HELD
        assert db.get_one(OutboxMessage, first.id).reason == "restored"
        assert db.get_one(OutboxMessage, second.id).state == OutboxState.PENDING


def test_no_backup_is_made_while_people_check_in(kept, back_up, folder, now):
    with kept.change() as db:
        session = db.scalars(select(GroupSession).order_by(GroupSession.starts_at)).first()
        open_room(db, session.id, Way.WORDS, "en", session.starts_at)
    with pytest.raises(Conflict, match="People are checking in"):
        back_up()
    assert list(folder.iterdir()) == []
    with kept.change() as db:
        close_open_room(db, session.id)
    assert back_up().exists()


@ON_SQLITE
def test_a_backup_names_nobody_and_only_its_owner_reads_the_file(back_up, folder, identity):
    path = back_up()
    for file in folder.iterdir():
        assert oct(file.stat().st_mode)[-3:] == "600"
        assert not any(word in file.read_bytes() for word in (b"example.org", b"Monday Circle", b"outbox"))
    with pytest.raises(Invalid, match="another key"):
        lines_of(path, new_identity())


@ON_SQLITE
def test_a_backup_of_today_takes_the_place_of_an_earlier_one(kept, back_up, folder):
    back_up()
    kept.plan(first_on=date(2027, 3, 1))
    back_up()
    assert sorted(path.name for path in folder.iterdir()) == ["facilitator-2026-11-23.backup", KEYS_NAME]


@ON_SQLITE
def test_fourteen_days_are_kept_and_always_the_newest(back_up, folder, now):
    days = [now.date() - timedelta(days=back) for back in (40, 15, 14, 1)]
    for on in days:
        back_up(on)
    (folder / "facilitator-before-the-move.backup").write_text("somebody's own")
    assert forget_old(folder, now.date()) == 2
    assert [on for on, _ in list_backups(folder)] == days[2:]
    assert forget_old(folder, now.date() + timedelta(days=100)) == 1
    assert len(list_backups(folder)) == 1


def _cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def _alter(path):
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


@ON_SQLITE
@pytest.mark.parametrize("spoil", [_cut, _alter, Path.unlink, lambda path: path.write_text("not a backup")])
@pytest.mark.parametrize("which", ["dated", "keys"])
def test_a_damaged_file_brings_nothing_back(other, back_up, folder, identity, now, spoil, which):
    path = back_up()
    spoil(path if which == "dated" else folder / KEYS_NAME)
    before = everything_in(other) if not other.is_sqlite else {}
    with pytest.raises(Invalid):
        restore(other, path, identity, now)
    assert (everything_in(other) if not other.is_sqlite else {}) == before


@ON_SQLITE
def test_keys_that_end_too_early_bring_nothing_back(other, back_up, folder, identity, now):
    path = back_up()
    making.put_in_place(
        making.write_sealed(folder / KEYS_NAME, ['{"keys": 1}', '["one", "a2V5"]'], recipient_of(identity)),
        folder / KEYS_NAME,
    )
    with pytest.raises(Invalid, match="cut short"):
        restore(other, path, identity, now)


@ON_SQLITE
def test_another_vault_key_is_refused_before_anything_is_written(tmp_path, back_up, identity, now):
    other = Database(f"sqlite:///{tmp_path}/other.db", Vault(b"k" * 32))
    with pytest.raises(Conflict, match="vault key is not the one"):
        restore(other, back_up(), identity, now)
    assert everything_in(other) == {}
    other.close()


@ON_SQLITE
def test_a_backup_of_a_newer_program_is_refused(other, back_up, identity, now, monkeypatch):
    monkeypatch.setattr(making.migrations, "current_of", lambda _link: "9999")
    with pytest.raises(Invalid, match="newer program"):
        restore(other, back_up(), identity, now)


def test_an_installation_in_use_is_never_written_over(kept, back_up, identity, now):
    path, before = back_up(), everything_in(kept.database)
    with pytest.raises(Conflict, match="There is an installation in this database"):
        restore(kept.database, path, identity, now)
    assert everything_in(kept.database) == before


@ON_SQLITE
def test_a_folder_that_takes_no_file_is_named(kept, identity):
    with pytest.raises(Invalid, match=r"/nowhere/x\.backup: No such file or directory"):
        make_backup(kept.database, Path("/nowhere/x.backup"), recipient_of(identity))


DIE = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from facilitator.db import Database
from facilitator.keeping import backup, restore, sealed_files
from facilitator.vault import Vault
url, path, identity, what, at = sys.argv[1:]
database = Database(url, Vault(bytes(range(32))))
left = [int(at)]
def dying(real):
    def step(*arguments, **named):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)
    return step
for module, name in (
    (os, "fsync"), (backup, "put_in_place"), (backup, "write_sealed"), (restore, "TableWriter"),
    (restore, "go_on_counting"), (restore, "hold_due"),
):
    setattr(module, name, dying(getattr(module, name)))
if what == "backup":
    backup.make_backup(database, Path(path), sealed_files.recipient_of(identity))
else:
    restore.restore_backup(database, Path(path), Path(path).with_name(backup.KEYS_NAME), identity, datetime.now(UTC))
print("whole")
"""


def _run(url, path, identity, what, at):
    done = subprocess.run(
        [sys.executable, "-c", DIE, url, str(path), identity, what, str(at)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, env=os.environ,
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode == 0


@pytest.mark.processes
@ON_SQLITE
@pytest.mark.parametrize("other", ["sqlite"], indirect=True)
def test_killed_at_any_step_a_backup_is_there_whole_or_not_at_all(kept, database_url, folder, identity, other, now):
    path = folder / "facilitator-2026-11-23.backup"
    for at in range(20):
        whole = _run(database_url, path, identity, "backup", at)
        if path.exists():  # then it is complete, and so are the keys
            assert lines_of(path, identity)[-1]["end"] > 40
            assert lines_of(folder / KEYS_NAME, identity)[-1] == {"end": 3}
        if whole:
            break
        path.unlink(missing_ok=True)
    assert whole
    assert at > 4
    assert restore(other, path, identity, now).erased == 0


@pytest.mark.processes
@ON_SQLITE
@pytest.mark.parametrize("at", [0, 5, 20, 33, 36])
def test_killed_at_any_step_a_backup_is_brought_back_whole_or_not_at_all(kept, other, back_up, identity, now, at):
    path = back_up()
    url = other.engine.url.render_as_string(hide_password=False)
    if not _run(url, path, identity, "restore", at):
        with other.engine.connect() as link:
            there = making.list_tables(link)
            assert not any(
                link.execute(select(1).select_from(table).limit(1)).first()
                for table in there
                if table.name == "facilitator"
            )
        restore(other, path, identity, now)
    assert everything_in(other, without={*PASSING, "outbox"}) == everything_in(
        kept.database, without={*PASSING, "outbox"}
    )
    with other.read() as db:
        assert db.scalar(select(func.count()).select_from(Facilitator)) == 3
