"""Sessions that are cancelled, moved and restored while their messages are on the way."""

import random
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from facilitator.app import build
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.planning.service import page_token, renew_page
from facilitator.planning.timetable import lock_timetable, mark_changed
from facilitator.reminders.follow import follow
from tests.faults import accidents
from tests.faults.installation import IN_FULL, MIDNIGHT, Installation, conserved, identify, kill, wait_until
from tests.faults.test_04_two_workers import freeze
from tests.mail.servers import Liar
from tests.reminders.conftest import HOUR, MINUTE

OPEN = {"pending", "leased", "sending", "unknown"}
REMINDED, TOLD = "reminder", "cancelled"
THREADS, CHANGING_S = 50, 30 if IN_FULL else 2


@pytest.mark.fault(18)
@pytest.mark.parametrize(
    ("point", "arrived"),
    [
        (accidents.AFTER_CLAIM, []),
        (accidents.BEFORE_GATE, [REMINDED, TOLD]),
        (accidents.AFTER_GATE, [REMINDED, TOLD]),
        (accidents.AFTER_DOT, [REMINDED, TOLD]),
        (accidents.BEFORE_DONE, [REMINDED, TOLD]),
    ],
)
def test_a_cancellation_at_each_step_stops_what_has_not_passed_the_gate_and_follows_what_has(
    installation, point, arrived
):
    """The worker stands still at the step while somebody cancels; where it holds the session, they wait for it.

    A message that passed the gate before the cancellation was saved arrives, and the notice comes behind it.
    """
    installation.remind(1)
    with Liar() as server:
        installation.send_to(server)
        frozen = freeze(installation, point)
        cancelling = threading.Thread(target=installation.scene.cancel)
        cancelling.start()
        cancelling.join(0.3)
        before = len(installation.steps()) if not cancelling.is_alive() else None
        frozen.send_signal(signal.SIGCONT)
        cancelling.join(15)
        assert not cancelling.is_alive()
        wait_until(lambda: "sending" not in installation.states())
        epoch = installation.epoch()
        wait_until(lambda: installation.epoch() > epoch)
        installation.skip(MINUTE)  # the notice may have waited its turn
        wait_until(lambda: not OPEN & set(installation.states()))
        kill(frozen)
    kinds = {row.uuid: row.kind for row in installation.scene.rows()}
    assert [kinds[identify(content)] for content in server.messages] == arrived
    if before is not None:
        reminder = installation.scene.row(kind="reminder").id
        assert (reminder, "leased", "sending") not in installation.steps()[before:]
    assert set(conserved(installation, server).values()) <= {1}
    assert not any(row.unknowns for row in installation.scene.rows())


@pytest.fixture
def a_day_before(tmp_path, database_url, nursery):
    """An installation whose session is in a day, with reminders 24 and 3 hours before."""
    start = datetime.now(UTC).replace(microsecond=0) + 24 * HOUR - MINUTE
    made = Installation(tmp_path, database_url, nursery, start=start)
    made.scene.add_rule(24 * HOUR)
    made.scene.add_person("pat", quiet_from_time=MIDNIGHT, quiet_to_time=MIDNIGHT)
    made.scene.follow()
    with made.scene.change() as db:
        renew_page(db, db.get_one(GroupSession, made.scene.session_id))
    yield made
    made.close()


@pytest.mark.fault(19)
def test_a_session_moved_by_a_day_after_its_reminder_is_reminded_of_anew_and_stays_one_appointment(
    a_day_before, config
):
    """Moved to a day later when the first reminder is out; then the day passes, taken from the data."""
    installation, scene = a_day_before, a_day_before.scene
    with Liar() as server:
        installation.send_to(server)
        worker = installation.fork()
        wait_until(lambda: scene.row(lead_minutes=24 * 60).state == "sent")
        before = appointment(installation, config)
        change(installation, starts_at=scene.row(lead_minutes=24 * 60).session_starts_at + 24 * HOUR)
        wait_until(lambda: scene.row(kind="moved").state == "sent")
        after = appointment(installation, config)
        installation.skip(24 * HOUR)
        wait_until(lambda: Counter(row.state for row in scene.rows())["sent"] >= 3)
        kill(worker)
    told = {(row.kind, row.lead_minutes // 60, row.time_rev): row.state for row in scene.rows()}
    assert told["reminder", 24, 1] == told["moved", 0, 2] == told["reminder", 24, 2] == "sent"
    assert told["reminder", 3, 1] == "superseded"
    assert len(told) == 5
    assert set(conserved(installation, server).values()) == {1}
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] == before["SEQUENCE"] + 1
    assert after["DTSTART"].dt - before["DTSTART"].dt == timedelta(days=1)


def appointment(installation, config):
    """Return the event that a participant's calendar reads."""
    with installation.database.read() as db:
        token = page_token(db, db.get_one(GroupSession, installation.scene.session_id))
    answer = build(config, installation.database).test_client().get(f"/s/{token}/appointment.ics")
    [event] = Calendar.from_ical(answer.data).walk("VEVENT")
    return event


def change(installation, **values):
    """Change the session as the pages do: lock, change, follow, commit."""
    scene = installation.scene
    with scene.change() as db:
        lock_timetable(db, scene.group_id)
        session = db.get_one(GroupSession, scene.session_id)
        for name, value in values.items():
            setattr(session, name, value)
        session.ends_at = session.starts_at + 90 * MINUTE
        mark_changed(session)
        follow(db, [session], datetime.now(UTC))


@pytest.mark.fault(20)
def test_fifty_people_changing_one_session_leave_everybody_told_of_its_last_state(installation):
    """For 2 s (30 s in full), against a worker that sends all the while; the last word is that it takes place."""
    installation.remind(4)
    start = installation.scene.clock().replace(microsecond=0) + 150 * MINUTE
    ends, errors = time.monotonic() + CHANGING_S, []

    def change_at_random(seed):
        rng = random.Random(seed)
        try:
            while time.monotonic() < ends:
                status = rng.choice([SessionStatus.CANCELLED, SessionStatus.SCHEDULED])
                starts_at = start + rng.choice([0, 10, 20]) * MINUTE
                change(installation, status=status, starts_at=starts_at)
                time.sleep(rng.uniform(0.2, 1.5))
        except Exception as error:  # noqa: BLE001 - asserted below
            errors.append(error)

    with Liar() as server:
        installation.send_to(server)
        worker = installation.fork()
        wait_until(lambda: installation.states() == {"sent": 4})
        people = [threading.Thread(target=change_at_random, args=(seed,)) for seed in range(THREADS)]
        for one in people:
            one.start()
        for one in people:
            one.join(CHANGING_S + 60)
        assert errors == []
        change(installation, status=SessionStatus.SCHEDULED, starts_at=start + 25 * MINUTE)
        wait_until(lambda: settle_turns(installation))
        kill(worker)
    assert set(conserved(installation, server).values()) == {1}
    rows = {row.uuid: row for row in installation.scene.rows()}
    told = [rows[identify(content)] for content in server.messages]
    assert max(Counter((row.participant_id, row.time_rev, row.kind, row.lead_minutes) for row in told).values()) == 1
    latest = {row.participant_id: row for row in told}
    assert len(latest) == 4
    assert {row.session_starts_at for row in latest.values()} == {start + 25 * MINUTE}
    assert not any(row.kind == "cancelled" for row in latest.values())


def settle_turns(installation):
    """Tell whether nothing is open any more, and let a few seconds pass for what waits its turn."""
    installation.skip(timedelta(seconds=6))
    return not OPEN & set(installation.states())
