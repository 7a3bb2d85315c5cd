"""What a calendar reads, on both engines: which sessions, on which day, and which of them meet at the same time."""

from datetime import UTC, date, datetime, time

import pytest

from facilitator.calendar.service import show_months
from facilitator.groups.service import add_co_facilitator
from facilitator.planning.models import SessionStatus
from tests.factories import email, make_account, make_group, make_series

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


@pytest.fixture
def db(database):
    with database.write() as session:
        yield session


@pytest.fixture
def alice(db):
    return make_account(db, "Alice")


def plan(db, lead, label, **values):
    group = make_group(db, lead, NOW, label=label, zone=values.get("zone", "Europe/London"))
    return group, make_series(db, group, NOW, **values)[1]


def entries(months):
    return [entry for on in sorted(months.by_day) for entry in months.by_day[on]]


def test_own_and_shared_groups_are_shown_and_a_strangers_is_not(db, alice):
    bob, charlie = make_account(db, "Bob"), make_account(db, "Charlie")
    plan(db, alice, "Mine")
    shared, _sessions = plan(db, bob, "Shared")
    add_co_facilitator(db, shared, email("Alice"))
    plan(db, charlie, "Not mine")
    assert {entry.group.label for entry in entries(show_months(db, alice, NOVEMBER, 1))} == {"Mine", "Shared"}


def test_months_hold_their_own_days_alone(db, alice):
    _group, sessions = plan(db, alice, "Mine", first_on=date(2026, 11, 30))
    assert [entry.session.id for entry in entries(show_months(db, alice, NOVEMBER, 1))] == [sessions[0].id]
    assert len(entries(show_months(db, alice, NOVEMBER, 3))) == len(sessions)
    assert {on.month for on in show_months(db, alice, DECEMBER, 1).by_day} == {12}


def test_a_session_stands_on_the_date_of_its_own_place(db, alice):
    plan(db, alice, "Far", zone="Pacific/Kiritimati", first_on=date(2026, 12, 1), start_time=time(1))
    assert date(2026, 12, 1) in show_months(db, alice, DECEMBER, 1).by_day
    assert not show_months(db, alice, NOVEMBER, 1).by_day


def test_sessions_at_the_same_time_are_found_across_zones_and_beyond_the_group_that_is_shown(db, alice):
    london, _sessions = plan(db, alice, "London", start_time=time(18))
    plan(db, alice, "New York", zone="America/New_York", start_time=time(14))
    shown = entries(show_months(db, alice, NOVEMBER, 1, london.id))
    assert {entry.group.label for entry in shown} == {"London"}
    assert {other.label for entry in shown for _session, other in entry.clashes} == {"New York"}


def test_a_called_off_session_is_shown_and_takes_no_time(db, alice):
    _group, sessions = plan(db, alice, "Mine")
    plan(db, alice, "Other")
    for session in sessions:
        session.status = SessionStatus.CANCELLED
    db.flush()
    months = show_months(db, alice, NOVEMBER, 1)
    assert {entry.group.label for entry in entries(months)} == {"Mine", "Other"}
    assert not months.clashes
