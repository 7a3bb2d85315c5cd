"""The worker's part: one backup a day, keys that follow who is on a list, and an alarm when backups stop."""

import json
from datetime import timedelta

import pytest

from facilitator.attendance.rules_room import Way
from facilitator.attendance.service_room import close_open_room, open_room
from facilitator.groups.models import Group, Participant
from facilitator.groups.people import remove_participant
from facilitator.keeping.backup import KEYS_NAME, list_backups
from facilitator.keeping.nightly import Nightly
from facilitator.keeping.sealed_files import read_sealed, recipient_of
from facilitator.planning.models import GroupSession
from facilitator.reminders.health import check_delivery
from tests.factories import add_confirmed, entry

DAY = timedelta(days=1)


@pytest.fixture
def nightly(tmp_path, identity):
    folder = tmp_path / "backups"
    folder.mkdir()
    return Nightly(folder=folder, recipient=recipient_of(identity))


def days(nightly):
    return [on for on, _ in list_backups(nightly.folder)]


def keys(nightly, identity):
    found = []
    read_sealed(nightly.folder / KEYS_NAME, identity, lambda line: found.append(json.loads(line)))
    return {line[0] for line in found if isinstance(line, list)}


def test_one_backup_is_made_each_day_and_fourteen_days_are_kept(kept, nightly, now):
    for hour in range(0, 24 * 20, 8):
        nightly.keep(kept.database, now.replace(hour=0) + timedelta(hours=hour))
    assert days(nightly) == [now.date() + timedelta(days=at) for at in range(5, 20)]


def test_while_people_check_in_it_waits_and_is_made_afterwards(kept, nightly, now):
    with kept.change() as db:
        session = db.query(GroupSession).order_by(GroupSession.starts_at).first()
        open_room(db, session.id, Way.WORDS, "en", session.starts_at)
    nightly.keep(kept.database, now)
    assert days(nightly) == []
    with kept.change() as db:
        close_open_room(db, session.id)
    nightly.keep(kept.database, now)
    assert days(nightly) == [now.date()]


def test_who_is_taken_off_a_list_is_taken_out_of_the_keys_at_the_next_round(kept, nightly, identity, now):
    nightly.keep(kept.database, now)
    assert kept.person_id in keys(nightly, identity)
    with kept.change() as db:
        remove_participant(db, db.get_one(Participant, kept.person_id))
    nightly.keep(kept.database, now)
    assert kept.person_id not in keys(nightly, identity)
    assert len(keys(nightly, identity)) == 2


def test_who_is_added_is_in_the_keys_at_the_next_round(kept, nightly, identity, now):
    nightly.keep(kept.database, now)
    with kept.change() as db:
        [noa] = add_confirmed(db, db.get_one(Group, kept.group_id), [entry("Noa")])
    nightly.keep(kept.database, now)
    assert noa.id in keys(nightly, identity)


def test_keys_are_not_written_again_while_nobody_comes_or_goes(kept, nightly, now):
    nightly.keep(kept.database, now)
    before = (nightly.folder / KEYS_NAME).stat().st_ino
    nightly.keep(kept.database, now)
    assert (nightly.folder / KEYS_NAME).stat().st_ino == before


@pytest.mark.parametrize(("age", "alarmed"), [(timedelta(hours=26), False), (timedelta(hours=26, seconds=1), True)])
def test_backups_that_stop_alarm_after_26_hours(kept, nightly, now, age, alarmed):
    nightly.keep(kept.database, now)
    with kept.read() as db:
        assert ("backup_old" in check_delivery(db, now + age).problems) is alarmed


def test_where_no_backup_was_ever_made_nothing_alarms(kept, now):
    with kept.read() as db:
        assert "backup_old" not in check_delivery(db, now + 100 * DAY).problems
