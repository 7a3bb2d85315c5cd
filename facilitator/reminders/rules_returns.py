"""What returned mail means for its address (RFC 3463, RFC 3464): dead, full for now, refused this once, or only late.

This module is pure and must never read a clock or a row.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from facilitator.reminders.rules import DEAD_ADDRESS

FAILED, DELAYED = "failed", "delayed"
MAILBOX_FULL = "2.2"
NO_DETAIL = "0.0"  # "5.0.0" tells no more than the class: Exim sums up every refusal so
OFTEN = 3  # messages that came back for now
OFTEN_WITHIN = timedelta(days=14)
OFTEN_PAUSE = timedelta(days=30)


class Verdict(StrEnum):
    """What a report means, the mildest first."""

    NOTE = "note"  # still on its way, or arrived after all
    SOFT = "soft"  # it came back, and the next one may arrive
    REFUSED = "refused"  # it came back for a reason that says nothing of the address
    DEAD = "dead"


ORDER = tuple(Verdict)


def effective_code(status: str, said: str) -> str:
    """Return the code that tells most: the reporting server's, unless it tells no more than the refusing one's."""
    return said if said and _detail(status) in {"", NO_DETAIL} else status


def judge(action: str, code: str) -> Verdict:
    """Return what one line of a report means.

    Args:
        action: the word of RFC 3464 §2.3.3.
        code: "5.1.1", or an empty string when no server gave one.
    """
    if action != FAILED:
        return Verdict.NOTE
    if code.startswith("4.") or _detail(code) == MAILBOX_FULL:
        return Verdict.SOFT
    return Verdict.DEAD if _detail(code) in DEAD_ADDRESS else Verdict.REFUSED


def judge_all(lines: Sequence[tuple[str, str]]) -> tuple[Verdict, str]:
    """Return the mildest verdict of a report and its code: of an address that is forwarded, one target may be dead.

    Args:
        lines: action and code of each recipient, at least one.
    """
    judged = [(judge(action, code), code) for action, code in lines]
    return min(judged, key=lambda one: ORDER.index(one[0]))


def suppressed_until(earlier: Collection[datetime], now: datetime) -> datetime | None:
    """Return until when nothing is sent to an address whose mail comes back for now, or None to go on.

    Args:
        earlier: when mail to it came back before, this time left out.
        now: the present instant.
    """
    recent = [at for at in earlier if now - at <= OFTEN_WITHIN]
    return now + OFTEN_PAUSE if len(recent) + 1 >= OFTEN else None


def why_returned(code: str) -> str:
    """Return the reason for people, as a code of the pages."""
    verdict = judge(FAILED, code)
    if verdict is Verdict.DEAD:
        return "no_such_mailbox"
    if _detail(code) == MAILBOX_FULL:
        return "mailbox_full"
    if verdict is Verdict.SOFT:
        return "gave_up"
    return "refused_by_policy" if _detail(code).startswith("7.") else "refused_further_on"


def _detail(code: str) -> str:
    return code.partition(".")[2]
