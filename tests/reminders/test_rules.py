import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest

from facilitator.mail.outcome import Outcome, OutcomeKind, Phase
from facilitator.reminders.rules import (
    LEGAL_EDGES,
    TERMINAL,
    OutboxState,
    Settlement,
    UnknownPolicy,
    after_unknown,
    breaker_pause,
    next_attempt,
    settle,
)

NOW = datetime(2026, 11, 26, 15, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DRAWING = {
    "pending": "leased held cancelled superseded expired suppressed",
    "leased": "pending sending failed cancelled superseded expired suppressed",
    "sending": "pending sent failed unknown",
    "unknown": "sent pending held cancelled superseded expired suppressed",
    "held": "pending cancelled superseded expired suppressed",
    "sent": "",
    "failed": "",
    "cancelled": "",
    "superseded": "",
    "expired": "",
    "suppressed": "",
}


@pytest.mark.parametrize(("start", "end"), itertools.product(OutboxState, repeat=2))
def test_a_step_is_legal_when_the_drawing_has_it(start, end):
    assert ((start, end) in LEGAL_EDGES) is (end in DRAWING[start].split())


def test_nothing_leaves_a_state_that_is_an_end():
    assert {start for start, _ in LEGAL_EDGES}.isdisjoint(TERMINAL)
    assert {state for state in OutboxState if not DRAWING[state]} == TERMINAL


def test_every_message_can_reach_an_end():
    reachable = {state: {end for start, end in LEGAL_EDGES if start == state} for state in OutboxState}
    assert all(reachable[state] & TERMINAL for state in OutboxState if state not in TERMINAL)


def test_a_message_in_hand_over_is_never_withdrawn():
    assert {end for start, end in LEGAL_EDGES if start is OutboxState.SENDING} == {
        OutboxState.SENT,
        OutboxState.FAILED,
        OutboxState.PENDING,
        OutboxState.UNKNOWN,
    }


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 1), (2, 5), (3, 15), (4, 30), (5, 60), (6, 60), (40, 60)])
def test_a_repeat_waits_longer_each_time_give_or_take_a_fifth(attempts, minutes):
    rng = random.Random(7)
    waits = [next_attempt(attempts, NOW + timedelta(days=9), rng, NOW) - NOW for _ in range(300)]
    assert minutes * MINUTE * 0.8 <= min(waits) < minutes * MINUTE * 0.83
    assert minutes * MINUTE * 1.17 < max(waits) <= minutes * MINUTE * 1.2


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (timedelta(minutes=20), timedelta(minutes=19)),
        (timedelta(minutes=2), timedelta(minutes=1)),
        (timedelta(minutes=1, seconds=1), timedelta(seconds=1)),
        (timedelta(minutes=1), None),
        (timedelta(0), None),
        (timedelta(minutes=-5), None),
    ],
)
def test_the_last_try_is_a_minute_before_the_message_loses_its_use(left, expected):
    at = next_attempt(5, NOW + left, random.Random(7), NOW)
    assert at == (None if expected is None else NOW + expected)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 900), (7, 900), (5000, 900)]
)
def test_the_breaker_waits_twice_as_long_each_time_up_to_a_quarter_of_an_hour(failures, seconds):
    assert breaker_pause(failures) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("policy", "unknowns", "left", "expected"),
    [
        (UnknownPolicy.RESEND_ONCE, 1, MINUTE, OutboxState.PENDING),
        (UnknownPolicy.RESEND_ONCE, 2, MINUTE, OutboxState.HELD),
        (UnknownPolicy.RESEND_ONCE, 1, timedelta(0), OutboxState.HELD),
        (UnknownPolicy.HOLD, 1, MINUTE, OutboxState.HELD),
    ],
)
def test_a_message_of_unknown_fate_is_repeated_once_at_most_and_in_time(policy, unknowns, left, expected):
    assert after_unknown(policy, unknowns, NOW + left, NOW) is expected


def outcome(kind, phase, code=0, enhanced=""):
    return Outcome(kind=kind, phase=phase, code=code, enhanced=enhanced)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (
            outcome(OutcomeKind.ACCEPTED, Phase.REPLY, 250, "2.0.0"),
            Settlement(state=OutboxState.SENT, reason="accepted"),
        ),
        (outcome(OutcomeKind.UNKNOWN, Phase.REPLY), Settlement(state=OutboxState.UNKNOWN, reason="no_answer")),
        (outcome(OutcomeKind.UNKNOWN, Phase.DOT), Settlement(state=OutboxState.UNKNOWN, reason="no_answer")),
        (
            outcome(OutcomeKind.DEFERRED, Phase.RCPT, 450, "4.2.0"),
            Settlement(state=OutboxState.PENDING, reason="try_later"),
        ),
        (
            outcome(OutcomeKind.DEFERRED, Phase.REPLY, 451),
            Settlement(state=OutboxState.PENDING, reason="try_later"),
        ),
        (
            outcome(OutcomeKind.ABANDONED, Phase.DOT),
            Settlement(state=OutboxState.PENDING, reason="out_of_time", charged=False),
        ),
    ],
)
def test_an_answer_settles_the_message(what, expected):
    assert settle(what) == expected


@pytest.mark.parametrize(
    ("phase", "code", "reason", "alarm"),
    [
        (Phase.CONNECT, 0, "unreachable", False),
        (Phase.CONNECT, 554, "unreachable", False),
        (Phase.HELO, 0, "unreachable", False),
        (Phase.CONNECT, 421, "server_closing", False),
        (Phase.RCPT, 421, "server_closing", False),
        (Phase.REPLY, 421, "server_closing", False),
        (Phase.TLS, 0, "tls_failed", True),
        (Phase.AUTH, 535, "sign_in_refused", True),
        (Phase.AUTH, 0, "sign_in_refused", True),
        (Phase.MAIL, 530, "sign_in_refused", True),
        (Phase.RCPT, 535, "sign_in_refused", True),
        (Phase.MAIL, 550, "sender_refused", True),
        (Phase.MAIL, 0, "connection_lost", False),
        (Phase.BODY, 0, "connection_lost", False),
    ],
)
def test_a_broken_way_charges_no_message_and_opens_the_breaker(phase, code, reason, alarm):
    assert settle(outcome(OutcomeKind.CHANNEL, phase, code)) == Settlement(
        state=OutboxState.PENDING, reason=reason, charged=False, breaker=True, alarm=alarm
    )


@pytest.mark.parametrize(
    ("code", "enhanced", "reason", "flags"),
    [
        (550, "5.1.1", "no_such_mailbox", {"suppress"}),
        (550, "5.1.2", "no_such_mailbox", {"suppress"}),
        (553, "5.1.3", "no_such_mailbox", {"suppress"}),
        (550, "5.1.6", "no_such_mailbox", {"suppress"}),
        (550, "5.1.10", "no_such_mailbox", {"suppress"}),
        (550, "5.2.1", "no_such_mailbox", {"suppress"}),
        (552, "5.2.2", "refused", set()),
        (552, "5.3.4", "refused", set()),
        (552, "", "refused", set()),
        (550, "5.6.0", "refused", set()),
        (553, "5.6.7", "refused", set()),
        (551, "", "refused", set()),
        (550, "5.4.1", "refused", set()),
        (550, "5.7.1", "refused_by_policy", {"counts"}),
        (554, "5.7.26", "refused_by_policy", {"counts"}),
        (554, "", "refused_by_policy", {"counts"}),
        (554, "5.0.0", "refused_by_policy", {"counts"}),
        (550, "", "refused_by_policy", {"counts"}),
        (501, "5.1.7", "sender_refused", {"counts", "alarm"}),
        (550, "5.1.8", "sender_refused", {"counts", "alarm"}),
        (500, "5.5.2", "protocol", {"counts", "alarm"}),
        (503, "5.5.1", "protocol", {"counts", "alarm"}),
        (500, "", "protocol", {"counts", "alarm"}),
    ],
)
def test_a_refusal_fails_this_message_and_stops_others_only_when_it_speaks_of_us(code, enhanced, reason, flags):
    settled = settle(outcome(OutcomeKind.REFUSED, Phase.RCPT, code, enhanced))
    assert settled == Settlement(state=OutboxState.FAILED, reason=reason, **dict.fromkeys(flags, True))


def test_every_settlement_is_a_legal_step_from_a_hand_over():
    for kind, phase in itertools.product(OutcomeKind, Phase):
        assert (OutboxState.SENDING, settle(outcome(kind, phase)).state) in LEGAL_EDGES
