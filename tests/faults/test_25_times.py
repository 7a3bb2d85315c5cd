"""Nights on which clocks change, and zones that change their rules: every message once, at its own instant."""

from datetime import time, timedelta

import pytest

from facilitator.accounts.models import InstallationSetting
from facilitator.planning.models import GroupSession
from facilitator.planning.redating import RULES_SETTING
from facilitator.times import rules_version
from tests.faults.clockwork import at, provide_begin, utc  # noqa: F401 - pytest finds the fixture by its name
from tests.faults.installation import MIDNIGHT, conserved
from tests.mail.servers import Liar
from tests.reminders.conftest import HOUR, MINUTE, Scene

DAY = timedelta(days=1)
BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
BEIRUT, DUBLIN, SANTIAGO = "Asia/Beirut", "Europe/Dublin", "America/Santiago"
CASABLANCA = "Africa/Casablanca"
# zone, start on its wall, lead, the instant of the reminder; in the order of time
NIGHTS = [
    (NEW_YORK, "2027-03-15 02:30", DAY, "2027-03-14 07:30"),  # 02:30 is skipped: 03:30
    (NEW_YORK, "2027-03-14 05:15", 3 * HOUR, "2027-03-14 06:15"),  # hours are hours: 01:15
    (BEIRUT, "2027-03-29 00:30", DAY, "2027-03-27 22:30"),  # midnight itself is skipped: 01:30
    (BERLIN, "2027-03-29 02:30", DAY, "2027-03-28 01:30"),  # 03:30
    (DUBLIN, "2027-03-29 01:30", DAY, "2027-03-28 01:30"),  # its winter is the time that is set apart: 02:30
    (LORD_HOWE, "2027-04-05 01:45", DAY, "2027-04-03 14:45"),  # half an hour comes twice
    (SANTIAGO, "2027-04-04 23:30", DAY, "2027-04-04 02:30"),  # the last hour of Saturday comes twice
    (SANTIAGO, "2027-09-06 00:30", DAY, "2027-09-05 04:30"),
    (LORD_HOWE, "2027-10-04 02:15", DAY, "2027-10-02 15:45"),  # half an hour is skipped: 02:45
    (BEIRUT, "2027-10-31 23:30", DAY, "2027-10-30 20:30"),
    (DUBLIN, "2027-11-01 01:30", DAY, "2027-10-31 00:30"),
    (BERLIN, "2027-11-01 02:30", DAY, "2027-10-31 00:30"),  # the first of two
    (BERLIN, "2027-10-31 05:15", 3 * HOUR, "2027-10-31 01:15"),  # the second 02:15
    (NEW_YORK, "2027-11-08 01:30", DAY, "2027-11-07 05:30"),
]


@pytest.mark.fault(25)
def test_a_night_on_which_clocks_change_has_every_message_once_at_its_time(begin):
    expected = {}
    with Liar() as server:
        first = utc(NIGHTS[0][3]) - 30 * DAY
        one, work = begin(first + 400 * DAY, server, first)
        for number, (zone, start, lead, instant) in enumerate(NIGHTS):
            night = Scene(one.database, one.scene.clock).build(leads=(lead,), people=(), start=at(start, zone))
            night.add_person(f"night{number}", zone=zone, quiet_from_time=MIDNIGHT, quiet_to_time=MIDNIGHT)
            expected[f"night{number}"] = utc(instant)
        sent = []
        for instant in sorted(set(expected.values())):
            if one.scene.clock.at < instant - HOUR:
                one.scene.clock.go_to(instant - HOUR)
            sent += work.walk(instant + HOUR, 15 * MINUTE)  # a repeated hour and the one before it
    assert sorted((to, when) for when, to in sent) == sorted(expected.items())
    assert [row.state for row in one.scene.rows(kind="reminder")] == ["sent"] * len(NIGHTS)
    conserved(one, server)


@pytest.mark.fault(25)
@pytest.mark.parametrize("told", [False, True], ids=["told by nobody", "told before"])
def test_newer_zone_rules_keep_the_wall_time_and_move_what_was_planned(begin, told):
    """Morocco went back to Greenwich time in 2026: by older rules half past six was an hour sooner."""
    true_start = utc("2027-04-08 18:30")
    with Liar() as server:
        one, work = begin(true_start - HOUR, server, true_start - 10 * DAY)
        scene = one.scene
        scene.add_rule(2 * DAY)
        pat = scene.add_person("pat", zone=CASABLANCA, quiet_from_time=MIDNIGHT, quiet_to_time=MIDNIGHT)
        with scene.change() as db:
            session = db.get_one(GroupSession, scene.session_id)
            session.zone, session.start_time, session.on_date = CASABLANCA, time(18, 30), true_start.date()
            db.add(InstallationSetting(name=RULES_SETTING, value="2019.3"))
        scene.follow()
        if told:
            scene.clock.go_to(true_start - 46 * HOUR)
            assert work.tick("dispatch") == ["pat"]
        sent = [look for hours in (48, 47, 3, 2) for look in work.walk(true_start - hours * HOUR, 2 * DAY)]
        with scene.database.read() as db:
            session = db.get_one(GroupSession, scene.session_id)
            assert (session.starts_at, session.time_rev, session.ical_sequence) == (true_start, 2, 1)
            assert session.ends_at == true_start + 90 * MINUTE
            assert db.get_one(InstallationSetting, RULES_SETTING).value == rules_version()
    planned = {row.lead_minutes: row.due_at for row in scene.rows(time_rev=2, kind="reminder")}
    if told:
        assert [row.kind for row in scene.rows(time_rev=2, state="sent")] == ["moved", "reminder"]
    else:
        assert planned[2 * 24 * 60] == true_start - 2 * DAY  # the same wall time two days before
    assert planned[3 * 60] == true_start - 3 * HOUR
    assert (true_start - 3 * HOUR, "pat") in sent
    assert {row.state for row in scene.rows(time_rev=1)} == ({"sent", "superseded"} if told else {"superseded"})
    assert scene.rows(participant_id=pat) == scene.rows()
    conserved(one, server)


@pytest.mark.fault(25)
def test_older_zone_rules_of_a_worker_that_is_still_to_be_upgraded_change_nothing(begin):
    start = at("2027-04-08 18:30", BERLIN)
    with Liar() as server:
        one, work = begin(start + HOUR, server, start - DAY)
        with one.scene.change() as db:
            db.get_one(GroupSession, one.scene.session_id).start_time = time(3)
            db.add(InstallationSetting(name=RULES_SETTING, value="2999.1"))
        work.tick("plan")
    with one.database.read() as db:
        assert db.get_one(GroupSession, one.scene.session_id).starts_at == start + HOUR
