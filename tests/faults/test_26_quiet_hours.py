"""Quiet hours across midnight, clock changes and zones: a message goes out at the one instant that was promised."""

from datetime import time, timedelta

import pytest

from facilitator.planning.models import GroupSession, SessionStatus
from tests.faults.clockwork import at, provide_begin, utc  # noqa: F401 - pytest finds the fixture by its name
from tests.faults.installation import conserved
from tests.mail.servers import Liar
from tests.reminders.conftest import HOUR, LONDON, MINUTE, Scene

AUCKLAND, TOKYO = "Pacific/Auckland", "Asia/Tokyo"
# the person's zone and quiet hours, start in London, planned in London, the instant of the reminder 3 hours before
NIGHTS = [
    (LONDON, (20, 8), "2027-03-28 10:00", "2027-03-25 12:00", "2027-03-27 19:30"),  # 07:00 after a short night
    (LONDON, (20, 8), "2027-03-28 11:00", "2027-03-27 22:00", "2027-03-28 07:00"),  # planned in it: 08:00, summer time
    (LONDON, (23, 1), "2027-03-28 04:45", "2027-03-25 12:00", "2027-03-27 22:30"),  # 00:45, over midnight
    (LONDON, (20, 8), "2027-10-31 10:00", "2027-10-28 12:00", "2027-10-30 18:30"),  # 07:00 after a long night
    (LONDON, (20, 8), "2027-10-31 11:00", "2027-10-30 22:00", "2027-10-31 08:00"),
    (
        LONDON,
        (20, 8),
        "2027-10-31 09:30",
        "2027-10-30 22:00",
        "2027-10-31 08:00",
    ),  # promised by nobody in the night, and caught up in the morning
    (LONDON, (0, 6), "2027-10-31 08:30", "2027-10-28 12:00", "2027-10-30 22:30"),  # half an hour before midnight
    (LONDON, (8, 8), "2027-10-31 04:30", "2027-10-28 12:00", "2027-10-31 01:30"),  # no quiet hours
    (AUCKLAND, (20, 8), "2027-11-04 18:30", "2027-11-01 12:00", "2027-11-04 06:30"),  # 04:30 there: 19:30 before
    (TOKYO, (20, 8), "2027-11-04 13:00", "2027-11-01 12:00", "2027-11-04 10:00"),  # 19:00 there is not quiet yet
    (TOKYO, (20, 8), "2027-11-04 15:00", "2027-11-01 12:00", "2027-11-04 10:30"),  # 21:00 there
]


def person_of(night, scene, number):
    zone, (quiet_from, quiet_to), *_ = night
    return scene.add_person(f"night{number}", zone=zone, quiet_from_time=time(quiet_from), quiet_to_time=time(quiet_to))


@pytest.mark.fault(26)
def test_quiet_hours_are_kept_across_midnight_clock_changes_and_zones(begin):
    promised = {f"night{number}": utc(night[4]) for number, night in enumerate(NIGHTS)}
    planned = {number: at(night[3], LONDON) for number, night in enumerate(NIGHTS)}
    # a look just before each promise finds what would go too soon, one after everything what would go twice
    looks = {one for when in promised.values() for one in (when - MINUTE, when)} | set(planned.values())
    with Liar() as server:
        one, work = begin(utc("2027-12-24 12:00"), server, utc("2027-03-01 12:00"))
        sent = []
        for instant in [*sorted(looks), utc("2027-11-05 12:00")]:
            one.scene.clock.go_to(instant)
            for number in (number for number, when in planned.items() if when == instant):
                start = at(NIGHTS[number][2], LONDON)
                scene = Scene(one.database, one.scene.clock).build(leads=(3 * HOUR,), people=(), start=start)
                person_of(NIGHTS[number], scene, number)
            sent += [(to, instant) for to in work.tick()]
    assert sorted(sent) == sorted(promised.items())
    conserved(one, server)


@pytest.mark.fault(26)
@pytest.mark.parametrize(
    ("start", "cancelled", "told"),
    [
        ("2027-03-28 09:00", "2027-03-28 00:30", "2027-03-28 00:30"),  # nobody sets out in vain
        ("2027-03-28 12:30", "2027-03-28 00:30", "2027-03-28 00:30"),  # within 12 hours
        ("2027-03-29 18:30", "2027-03-28 00:30", "2027-03-28 07:00"),  # time enough: 08:00 in summer time
        ("2027-11-01 18:30", "2027-10-30 23:30", "2027-10-31 08:00"),  # 00:30 in summer time, 08:00 in winter time
    ],
)
def test_a_cancellation_at_night_goes_through_when_it_is_urgent_and_waits_for_the_morning_when_not(
    begin,
    start,
    cancelled,
    told,
):
    with Liar() as server:
        one, work = begin(at(start, LONDON), server, at(start, LONDON) - timedelta(days=4))
        one.scene.add_rule(timedelta(days=3))
        one.scene.add_person("pat")
        work.tick("audit")
        one.scene.clock.go_to(one.scene.row(lead_minutes=3 * 24 * 60).due_at)
        assert work.tick() == ["pat"]
        one.scene.clock.go_to(utc(cancelled))
        one.scene.cancel()
        sent = work.walk(utc(told) + HOUR, 30 * MINUTE)
        with one.database.read() as db:
            assert db.get_one(GroupSession, one.scene.session_id).status == SessionStatus.CANCELLED
    assert sent == [(utc(told), "pat")]
    conserved(one, server)
