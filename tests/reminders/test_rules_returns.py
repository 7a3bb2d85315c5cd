"""What returned mail means, as tables."""

from datetime import UTC, datetime, timedelta

import pytest

from facilitator.mail.returned import Action
from facilitator.reminders.rules import DEAD_ADDRESS
from facilitator.reminders.rules_returns import (
    FAILED,
    OFTEN_PAUSE,
    OFTEN_WITHIN,
    Verdict,
    effective_code,
    judge,
    judge_all,
    suppressed_until,
    why_returned,
)

NOW = datetime(2026, 11, 26, 15, 30, tzinfo=UTC)
DAY = timedelta(days=1)
NOTE, SOFT, REFUSED, DEAD = Verdict


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        ("5.1.1", "5.1.1", "5.1.1"),
        ("5.0.0", "5.1.1", "5.1.1"),
        ("5.0.0", "4.2.2", "4.2.2"),
        ("4.0.0", "5.1.1", "5.1.1"),
        ("5.1.1", "5.7.1", "5.1.1"),
        ("5.1.1", "", "5.1.1"),
        ("", "5.2.2", "5.2.2"),
        ("5.0.0", "", "5.0.0"),
        ("", "", ""),
    ],
)
def test_the_code_that_tells_most_decides(status, said, code):
    assert effective_code(status, said) == code


@pytest.mark.parametrize(
    ("code", "verdict", "why"),
    [
        *((f"5.{detail}", DEAD, "no_such_mailbox") for detail in sorted(DEAD_ADDRESS)),
        ("5.2.2", SOFT, "mailbox_full"),
        ("4.2.2", SOFT, "mailbox_full"),
        ("4.4.1", SOFT, "gave_up"),
        ("4.4.7", SOFT, "gave_up"),
        ("4.1.1", SOFT, "gave_up"),
        ("4.7.1", SOFT, "gave_up"),
        ("5.0.0", REFUSED, "refused_further_on"),
        ("5.1.0", REFUSED, "refused_further_on"),
        ("5.1.7", REFUSED, "refused_further_on"),
        ("5.3.4", REFUSED, "refused_further_on"),
        ("5.4.4", REFUSED, "refused_further_on"),
        ("5.6.0", REFUSED, "refused_further_on"),
        ("5.7.1", REFUSED, "refused_by_policy"),
        ("5.11.1", REFUSED, "refused_further_on"),
        ("", REFUSED, "refused_further_on"),
    ],
)
def test_a_message_that_came_back_says_something_of_its_address_or_not(code, verdict, why):
    assert judge(FAILED, code) == verdict
    assert why_returned(code) == why


@pytest.mark.parametrize("action", sorted(set(Action) - {Action.FAILED}))
@pytest.mark.parametrize("code", ["5.1.1", "4.4.7", "2.1.5", ""])
def test_what_did_not_fail_is_a_note(action, code):
    assert judge(action, code) is NOTE


@pytest.mark.parametrize(
    ("lines", "verdict", "code"),
    [
        ([("failed", "5.1.1")], DEAD, "5.1.1"),
        ([("failed", "5.1.1"), ("failed", "5.1.2")], DEAD, "5.1.1"),
        ([("failed", "5.1.1"), ("failed", "5.2.2")], SOFT, "5.2.2"),
        ([("failed", "5.1.1"), ("failed", "5.7.1")], REFUSED, "5.7.1"),
        ([("failed", "5.1.1"), ("delivered", "2.1.5")], NOTE, "2.1.5"),
        ([("delayed", "4.4.1"), ("failed", "5.1.1")], NOTE, "4.4.1"),
    ],
)
def test_of_an_address_with_several_targets_the_mildest_counts(lines, verdict, code):
    assert judge_all(lines) == (verdict, code)


@pytest.mark.parametrize(
    ("days_ago", "pauses"),
    [
        ([], False),
        ([1], False),
        ([1, 2], True),
        ([0, 0], True),
        ([1, 14], True),
        ([1, 15], False),
        ([1, 2, 3, 40], True),
    ],
)
def test_three_returns_within_fourteen_days_stop_messages_for_thirty(days_ago, pauses):
    earlier = [NOW - days * DAY for days in days_ago]
    assert suppressed_until(earlier, NOW) == (NOW + 30 * DAY if pauses else None)
    assert (OFTEN_WITHIN, OFTEN_PAUSE) == (14 * DAY, 30 * DAY)
