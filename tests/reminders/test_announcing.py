"""That there is something to read is told once to everybody who agreed, when it may be read, and never when it may not."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from facilitator.groups.models import Group, MailState
from facilitator.materials.announcing import due_announcements
from facilitator.materials.models import Audience, Material, MaterialKind, Release
from facilitator.planning.models import SessionStatus
from facilitator.reminders.audit import audit
from facilitator.reminders.delivery import deliver_due
from facilitator.reminders.erasure import erase_ended
from facilitator.reminders.service import follow_group
from facilitator.reminders.sweep import sweep
from tests.mail.servers import Liar
from tests.reminders.conftest import HOUR, MINUTE, START

DAY = timedelta(days=1)
ENDS = START + 90 * MINUTE
MORNING_BEFORE = START.replace(hour=9, minute=0) - 2 * DAY


def hand_out(scene, **values):
    kept = {"kind": MaterialKind.TEXT, "title": "A page", "text": "Words", "announced": True} | values
    with scene.change() as db:
        material = Material(session_id=scene.session_id, **kept)
        db.add(material)
        db.flush()
        return material.id


def change(scene, material_id, **values):
    with scene.change() as db:
        material = db.get_one(Material, material_id)
        if not values:
            db.delete(material)
        for name, value in values.items():
            setattr(material, name, value)
        db.flush()
        follow_group(db, db.get_one(Group, scene.group_id), scene.clock())


def look_after(scene):
    with scene.change() as db:
        sweep(db, 3 * DAY, scene.clock())
        sweep(db, 3 * DAY, scene.clock())
        found = audit(db, scene.clock())
    assert (found.missing, found.lost) == (0, 0)


def told(scene, *, at=None):
    if at:
        scene.clock.go_to(at)
    look_after(scene)
    return [(row.state, row.reason) for row in scene.rows(kind="materials")]


def due(scene):
    with scene.database.read() as db:
        return [(one.session.id, one.released_at) for one in due_announcements(db, scene.clock())]


@pytest.mark.parametrize(
    ("values", "at"),
    [
        ({"release": Release.BEFORE, "days_before": 2}, MORNING_BEFORE),
        ({"release": Release.START}, START),
        ({"release": Release.END}, ENDS),
    ],
)
def test_what_is_announced_is_due_from_its_release_until_20_hours_after_the_session(scene, values, at):
    hand_out(scene, **values)
    for instant, found in (
        (at - MINUTE, []),
        (at, [(scene.session_id, at)]),
        (ENDS + 20 * HOUR - MINUTE, [(scene.session_id, at)]),
        (ENDS + 20 * HOUR, []),
    ):
        scene.clock.go_to(instant)
        assert due(scene) == found


@pytest.mark.parametrize("values", [{"announced": False}, {"audience": Audience.FACILITATORS}])
def test_what_is_not_announced_or_is_for_facilitators_is_told_to_nobody(scene, values):
    hand_out(scene, **values)
    assert told(scene, at=START + MINUTE) == []


def test_nothing_of_a_cancelled_session_is_told(scene):
    hand_out(scene, release=Release.BEFORE, days_before=2)
    scene.cancel()
    assert told(scene, at=START - HOUR) == []


def test_everybody_who_agreed_hears_once_of_all_that_is_released_at_one_instant(scene):
    scene.add_person("kim")
    for name, values in {
        "new": {"consent_round": 0},
        "waiting": {"waiting": 1},
        "paused": {"state": MailState.PAUSED},
    }.items():
        scene.add_person(name, **values)
    hand_out(scene, release=Release.BEFORE, days_before=2)
    hand_out(scene, release=Release.BEFORE, days_before=2)
    assert told(scene, at=MORNING_BEFORE) == [("pending", "")] * 2
    hand_out(scene, release=Release.START)
    assert told(scene, at=START) == [("pending", "")] * 4


def test_who_comes_later_to_the_list_hears_of_what_was_released(scene):
    hand_out(scene, release=Release.BEFORE, days_before=2)
    assert len(told(scene, at=MORNING_BEFORE)) == 1
    scene.add_person("kim")
    assert len(told(scene, at=MORNING_BEFORE + DAY)) == 2


def test_it_goes_out_with_the_link_of_the_session_and_keeps_to_quiet_hours(scene, station):
    hand_out(scene, release=Release.END)
    told(scene, at=ENDS)
    with Liar() as server:
        deliver_due(station(server.url))
        assert server.messages == []
        scene.clock.go_to(START.replace(hour=8, minute=0) + DAY)
        deliver_due(station(server.url))
        [message] = server.messages
    assert b"/s/" in message
    assert scene.row(kind="materials").state == "sent"


@pytest.mark.parametrize(
    "values",
    [{}, {"audience": Audience.FACILITATORS}, {"announced": False}, {"release": Release.BEFORE, "days_before": 1}],
)
def test_what_waits_is_taken_back_when_the_material_is_removed_or_changed(scene, values):
    material = hand_out(scene, release=Release.END)
    told(scene, at=ENDS)
    change(scene, material, **values)
    first, *others = told(scene)
    assert first == ("superseded", "nothing_to_read")
    # released at another instant by now: that is told instead
    assert others == ([("pending", "")] if "release" in values else [])


def test_the_gate_itself_lets_nobody_be_told_of_what_was_removed(scene, station):
    material = hand_out(scene, release=Release.START)
    told(scene, at=START)
    with scene.change() as db:
        db.delete(db.get_one(Material, material))
    with Liar() as server:
        deliver_due(station(server.url))
        assert server.messages == []
    assert told(scene) == [("superseded", "nothing_to_read")]


def test_the_gate_sends_nothing_of_a_session_that_was_called_off(scene, station):
    hand_out(scene, release=Release.BEFORE, days_before=2)
    told(scene, at=MORNING_BEFORE)
    scene.cancel()
    with Liar() as server:
        deliver_due(station(server.url))
        assert server.messages == []
    assert scene.row(kind="materials").reason == "session_cancelled"


def test_what_is_there_after_all_is_told_after_all(scene):
    material = hand_out(scene, release=Release.END)
    told(scene, at=ENDS)
    change(scene, material)
    hand_out(scene, release=Release.END)
    assert told(scene) == [("superseded", "nothing_to_read"), ("pending", "")]


def test_a_restored_session_tells_after_all(scene, station):
    hand_out(scene, release=Release.BEFORE, days_before=2)
    told(scene, at=MORNING_BEFORE)
    scene.alter(status=SessionStatus.CANCELLED)
    with Liar() as server:
        deliver_due(station(server.url))
    scene.restore()
    assert told(scene) == [("cancelled", "session_cancelled"), ("pending", "")]


def test_a_session_that_moves_tells_when_its_own_instant_comes_and_nobody_twice_of_one_instant(scene, station):
    hand_out(scene, release=Release.BEFORE, days_before=2)
    told(scene, at=MORNING_BEFORE)
    with Liar() as server:
        deliver_due(station(server.url))
        scene.move(START + HOUR)  # the same morning
        assert told(scene) == [("sent", "accepted")]
        scene.move(START + 7 * DAY)
        assert told(scene) == [("sent", "accepted")]
        assert told(scene, at=MORNING_BEFORE + 7 * DAY) == [("sent", "accepted"), ("pending", "")]


@pytest.mark.parametrize("values", [{"state": MailState.STOPPED}, {"consent_round": 0}, {"waiting": 1}])
def test_the_gate_reads_the_wish_of_a_person_anew(scene, station, values):
    hand_out(scene)
    told(scene, at=START)
    scene.set_person(scene.people[0], **values)
    with Liar() as server:
        deliver_due(station(server.url))
        assert server.messages == []
    assert scene.row(kind="materials").state == "suppressed"


def test_an_erased_list_takes_what_was_handed_out_along_and_its_receipt_says_how_much(scene):
    for _ in range(2):
        hand_out(scene)
    told(scene, at=START)
    with scene.change() as db:
        [receipt] = erase_ended(db, ENDS + 31 * DAY)
        assert receipt.materials == 2
        assert db.scalars(select(Material.id)).all() == []
    assert scene.rows(kind="materials") == []
