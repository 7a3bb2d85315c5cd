"""The life of one message: its states, the legal steps between them, and what a mail server's answer means.

The drawing, with `→` for a legal step:

    pending → leased → sending → sent
    leased → pending            the lease ran out, or the breaker is open: certainly unsent
    leased → failed             the letter cannot be built; it fails before anything is handed over
    sending → pending           a 4xx or a break before the dot, or a 4xx that was read after it: certainly unsent
    sending → failed            a 5xx that was read
    sending → unknown           the dot left and no answer was read, or the sender died in the hand-over
    unknown → sent              somebody could tell that it was accepted
    unknown → pending | held    repeated at most once, or never without a person's word
    held → pending | cancelled  a person decides: send once more, or leave it
    pending → held              an older state of the database was brought back; a person says what still goes out
    pending | leased | unknown | held → cancelled | superseded | expired | suppressed

A `held` message is not at an end although nothing moves by itself: a person may still decide, and a cancelled,
moved or past session decides for them. `leased → failed` exists because a letter is built before the gate, so that a
poisoned one can never be taken for a message in hand-over.
This module is pure and must never read a clock or a row.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from facilitator.mail.outcome import SERVICE_CLOSING, SIGN_IN_CODES, Outcome, OutcomeKind, Phase


class OutboxState(StrEnum):
    """Where a message stands."""

    PENDING = "pending"
    LEASED = "leased"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    HELD = "held"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"


class MessageKind(StrEnum):
    """What a message says."""

    REMINDER = "reminder"
    MOVED = "moved"
    CANCELLED = "cancelled"
    RESTORED = "restored"
    TEST = "test"
    CONFIRM = "confirm"  # is this address safe for messages like this?
    WELCOME = "welcome"
    MATERIALS = "materials"
    SAFE_CHECK = "safe_check"
    AFTERCARE = "aftercare"
    GOODBYE = "goodbye"


# what tells when and where a session is; one is corrected by the next
KINDS_OF_TIME = (MessageKind.REMINDER, MessageKind.MOVED, MessageKind.CANCELLED, MessageKind.RESTORED)
# about a session, but not about its time
KINDS_BESIDE = (MessageKind.MATERIALS, MessageKind.AFTERCARE)
# to a person as such: they stand in the outbox without a session
KINDS_WITHOUT_SESSION = (MessageKind.CONFIRM, MessageKind.WELCOME, MessageKind.SAFE_CHECK, MessageKind.GOODBYE)


class Priority(IntEnum):
    """Which message goes first; quiet hours do not hold back an urgent one."""

    URGENT = 0
    NOTICE = 1
    REMINDER = 2


class UnknownPolicy(StrEnum):
    """What to do when nobody can tell whether a message was accepted."""

    RESEND_ONCE = "resend_once"  # a lost message would be worse than a second copy
    HOLD = "hold"


WITHDRAWN = frozenset({OutboxState.CANCELLED, OutboxState.SUPERSEDED, OutboxState.EXPIRED, OutboxState.SUPPRESSED})
WITHDRAWABLE = frozenset({OutboxState.PENDING, OutboxState.LEASED, OutboxState.UNKNOWN, OutboxState.HELD})
TERMINAL = WITHDRAWN | {OutboxState.SENT, OutboxState.FAILED}

LEGAL_EDGES: frozenset[tuple[OutboxState, OutboxState]] = frozenset(
    {
        (OutboxState.PENDING, OutboxState.LEASED),
        (OutboxState.PENDING, OutboxState.HELD),
        (OutboxState.LEASED, OutboxState.PENDING),
        (OutboxState.LEASED, OutboxState.SENDING),
        (OutboxState.LEASED, OutboxState.FAILED),
        (OutboxState.SENDING, OutboxState.PENDING),
        (OutboxState.SENDING, OutboxState.SENT),
        (OutboxState.SENDING, OutboxState.FAILED),
        (OutboxState.SENDING, OutboxState.UNKNOWN),
        (OutboxState.UNKNOWN, OutboxState.SENT),
        (OutboxState.UNKNOWN, OutboxState.PENDING),
        (OutboxState.UNKNOWN, OutboxState.HELD),
        (OutboxState.HELD, OutboxState.PENDING),
        *((start, end) for start in WITHDRAWABLE for end in WITHDRAWN),
    }
)

FIRST_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30))
LATER_WAIT = timedelta(hours=1)
JITTER = 0.2
LAST_CHANCE = timedelta(minutes=1)  # before a message loses its use, one more try
BREAKER_FIRST = timedelta(seconds=30)
BREAKER_LONGEST = timedelta(minutes=15)
REFUSALS_TO_OPEN = 5  # policy refusals to so many different people running open the breaker

# RFC 3463 and the IANA registry of enhanced status codes, as subject.detail
DEAD_ADDRESS = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})
OUR_ADDRESS = frozenset({"1.7", "1.8", "1.9"})
PROTOCOL_CODES = frozenset({500, 501, 502, 503, 504, 555})
POLICY_CODES = frozenset({550, 554})  # these speak of policy as often as of the mailbox when no enhanced code follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What to write down after one hand-over.

    Args:
        state: where the message goes from `sending`.
        reason: a short code for the ledger.
        charged: whether this counts as an attempt of the message.
        suppress: whether nothing more may go to this address.
        breaker: whether the way to the server is closed for a while, at once.
        counts: whether it counts towards closing it (see REFUSALS_TO_OPEN).
        alarm: whether somebody who runs the installation is told at once.
    """

    state: OutboxState
    reason: str
    charged: bool = True
    suppress: bool = False
    breaker: bool = False
    counts: bool = False
    alarm: bool = False


PLAIN_SETTLEMENTS = {
    OutcomeKind.ACCEPTED: Settlement(state=OutboxState.SENT, reason="accepted"),
    OutcomeKind.UNKNOWN: Settlement(state=OutboxState.UNKNOWN, reason="no_answer"),
    OutcomeKind.DEFERRED: Settlement(state=OutboxState.PENDING, reason="try_later"),
    OutcomeKind.ABANDONED: Settlement(state=OutboxState.PENDING, reason="out_of_time", charged=False),
}


def next_attempt(attempts: int, valid_until: datetime, rng: random.Random, now: datetime) -> datetime | None:
    """Return when to try again after a message-level 4xx, or None when its time is over.

    1, 5, 15 and 30 minutes, then hourly, each ±20 %. RFC 5321 §4.5.4.1 asks for 30 minutes and more unless the reason
    is known; a reminder has hours, not days, so it starts sooner. The last try is a minute before it loses its use.

    Args:
        attempts: how often it was tried, at least 1.
        valid_until: after this it is not sent any more.
        rng: draws the jitter, so that a batch does not come back as one.
        now: the present instant.
    """
    last = valid_until - LAST_CHANCE
    if now >= last:
        return None
    wait = FIRST_WAITS[attempts - 1] if attempts <= len(FIRST_WAITS) else LATER_WAIT
    return min(now + wait * rng.uniform(1 - JITTER, 1 + JITTER), last)


def breaker_pause(failures: int) -> timedelta:
    """Return how long to leave the server alone after so many failures running (at least 1): 30 s, doubled, to 15 min."""
    return min(BREAKER_FIRST * (1 << min(failures - 1, 10)), BREAKER_LONGEST)


def after_unknown(policy: UnknownPolicy, unknowns: int, valid_until: datetime, now: datetime) -> OutboxState:
    """Return where a message of unknown fate goes: repeated at most once and in time, otherwise to a person."""
    once = policy is UnknownPolicy.RESEND_ONCE and unknowns <= 1
    return OutboxState.PENDING if once and now < valid_until else OutboxState.HELD


def settle(outcome: Outcome) -> Settlement:
    """Return what one hand-over means for the message, its address and the way to the server."""
    if outcome.kind is OutcomeKind.CHANNEL:
        return _settle_channel(outcome)
    if outcome.kind is OutcomeKind.REFUSED:
        return _settle_refusal(outcome)
    return PLAIN_SETTLEMENTS[outcome.kind]


def _settle_channel(outcome: Outcome) -> Settlement:
    """Return a message to its place: no row fails because the way to the server is at fault."""
    alarm, reason = False, "connection_lost"
    if outcome.code == SERVICE_CLOSING:
        reason = "server_closing"
    elif outcome.code in SIGN_IN_CODES or outcome.phase is Phase.AUTH:
        alarm, reason = True, "sign_in_refused"
    elif outcome.phase is Phase.TLS:
        alarm, reason = True, "tls_failed"
    elif outcome.phase is Phase.MAIL and outcome.code:
        alarm, reason = True, "sender_refused"
    elif outcome.phase in {Phase.CONNECT, Phase.HELO}:
        reason = "unreachable"
    return Settlement(state=OutboxState.PENDING, reason=reason, charged=False, breaker=True, alarm=alarm)


def _settle_refusal(outcome: Outcome) -> Settlement:
    """Fail the one message; a 5yz is not repeated unchanged (RFC 5321 §4.2.1).

    A code about syntax (5.5.x) is our mistake: it fails this message alone rather than stopping all others behind
    it, but it is told at once, and five running stop the rest.
    """
    subject, detail = outcome.enhanced.split(".")[1:] if outcome.enhanced else ("", "")
    if f"{subject}.{detail}" in DEAD_ADDRESS:
        return Settlement(state=OutboxState.FAILED, reason="no_such_mailbox", suppress=True)
    if f"{subject}.{detail}" in OUR_ADDRESS:
        return Settlement(state=OutboxState.FAILED, reason="sender_refused", counts=True, alarm=True)
    if subject == "5" or (not subject and outcome.code in PROTOCOL_CODES):
        return Settlement(state=OutboxState.FAILED, reason="protocol", counts=True, alarm=True)
    if subject == "7" or (subject in {"", "0"} and outcome.code in POLICY_CODES):
        return Settlement(state=OutboxState.FAILED, reason="refused_by_policy", counts=True)
    return Settlement(state=OutboxState.FAILED, reason="refused")
