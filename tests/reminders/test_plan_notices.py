"""What people are told when a session changes, and when."""

import pytest

from facilitator.reminders.plan import ChangeFacts, notices
from facilitator.reminders.rules import MessageKind, Priority
from tests.reminders.test_plan import HOUR, at, person, session, times, wall


def change(kind=MessageKind.CANCELLED, starts="2026-11-26 18:30", before=None):
    return ChangeFacts(kind=kind, session=session(starts, time_rev=2), started_at=at(before or starts))


@pytest.mark.parametrize("kind", [MessageKind.MOVED, MessageKind.CANCELLED, MessageKind.RESTORED])
def test_everybody_who_was_told_before_is_told_at_once(kind):
    told = [person(), person(id="bob")]
    first, second = notices(change(kind), told, at("2026-11-24 12:00"))
    assert (first.dedup_key, second.dedup_key) == (f"{kind}:s:2:0:pat", f"{kind}:s:2:0:bob")
    assert first.kind is kind
    assert first.priority is Priority.NOTICE
    assert first.lead == 0 * HOUR
    assert {wall(one.next_attempt_at) for one in (first, second)} == {"2026-11-24 12:00"}
    assert wall(first.valid_until) == "2026-11-26 18:30"


def test_nobody_else_is_told():
    assert notices(change(), [], at("2026-11-24 12:00")) == ()


@pytest.mark.parametrize("facts", [{"stopped": True}, {"reachable": False}, {"paused_until": at("2026-12-24 12:00")}])
def test_who_is_not_written_to_is_not_told(facts):
    assert notices(change(), [person(**facts)], at("2026-11-24 12:00")) == ()


@pytest.mark.parametrize(
    ("starts", "before", "now", "goes_out", "priority"),
    [
        # more than 12 hours ahead: quiet hours hold it back
        ("2026-11-26 18:30", None, "2026-11-24 22:00", "2026-11-25 08:00", Priority.NOTICE),
        ("2026-11-26 18:30", None, "2026-11-26 06:29", "2026-11-26 08:00", Priority.NOTICE),
        # within 12 hours they do not
        ("2026-11-26 18:30", None, "2026-11-26 06:30", "2026-11-26 06:30", Priority.URGENT),
        ("2026-11-26 18:30", None, "2026-11-26 18:29", "2026-11-26 18:29", Priority.URGENT),
        # nor when waiting for their end would leave less than two hours
        ("2026-11-26 09:00", None, "2026-11-25 20:30", "2026-11-25 20:30", Priority.URGENT),
        ("2026-11-26 10:00", None, "2026-11-25 20:30", "2026-11-26 08:00", Priority.NOTICE),
        # the old start counts as well as the new one: somebody may be on the way
        ("2026-11-27 18:30", "2026-11-26 07:00", "2026-11-25 21:00", "2026-11-25 21:00", Priority.URGENT),
        ("2026-11-26 07:00", "2026-11-27 18:30", "2026-11-25 21:00", "2026-11-25 21:00", Priority.URGENT),
        # after the old start it is late and still of use
        ("2026-11-27 18:30", "2026-11-26 18:30", "2026-11-26 21:00", "2026-11-26 21:00", Priority.URGENT),
        # the night on which the clocks go back has 13 quiet hours
        ("2026-10-25 18:30", None, "2026-10-24 21:00", "2026-10-25 08:00", Priority.NOTICE),
    ],
)
def test_only_an_urgent_notice_goes_out_in_quiet_hours(starts, before, now, goes_out, priority):
    [notice] = notices(change(MessageKind.MOVED, starts, before), [person()], at(now))
    assert times([notice]) == [goes_out]
    assert notice.priority is priority
    assert notice.due_at == notice.next_attempt_at


def test_a_notice_is_of_use_until_the_later_of_both_starts():
    [notice] = notices(
        change(MessageKind.MOVED, "2026-11-26 18:30", "2026-11-27 18:30"), [person()], at("2026-11-24 12:00")
    )
    assert wall(notice.valid_until) == "2026-11-27 18:30"
    assert notices(change(), [person()], at("2026-11-26 18:30")) == ()
