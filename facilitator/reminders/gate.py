"""The last look before a message leaves: is everything that was true when it was planned still true?

The gate is where a cancellation and a hand-over are put in order. A message passes when nothing changed since it was
looked at, which one statement asks and decides; otherwise another look says why not. Whatever is refused gets a
terminal state or a new time in the same transaction; a refusal that wrote nothing would make the row loop for ever.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from facilitator.groups.consent import consent
from facilitator.groups.models import MailState
from facilitator.groups.rules_consent import Consent, allows_day
from facilitator.planning.models import SessionStatus
from facilitator.reminders.announcing import NOTHING_TO_READ
from facilitator.reminders.models import OutboxMessage, holds
from facilitator.reminders.opening import MINE, open_unchanged, outbox
from facilitator.reminders.people import person_facts
from facilitator.reminders.plan import LEAST_NOTICE, next_allowed
from facilitator.reminders.rules import KINDS_BESIDE, KINDS_OF_TIME, MessageKind, OutboxState, Priority
from facilitator.reminders.sight import About, Sight, look
from facilitator.times import end_of_quiet, get_zone, inside_quiet, to_local

PAUSE_STEP = timedelta(minutes=1)
ORDER_STEP = timedelta(seconds=5)
NOTICES = frozenset(KINDS_OF_TIME) - {MessageKind.REMINDER}
STATUS_FOR = {MessageKind.CANCELLED: SessionStatus.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a row does not pass, and where it goes.

    Args:
        state: pending when it may pass later, otherwise terminal.
        reason: a code.
        again_at: when to try again, for pending.
        charged: whether it counts as an attempt.
    """

    state: OutboxState
    reason: str
    again_at: datetime | None = None
    charged: bool = False


LOST = Refusal(state=OutboxState.LEASED, reason="lost_lease")


def pass_gate(db: Session, seen: Sight, now: datetime) -> Refusal | None:
    """Move a leased row to sending if nothing holds it back, else write where it goes instead.

    Args:
        db: a writing session.
        seen: what there was to know when its letter was made.
        now: the present instant.

    Returns:
        None for a row that passed, else the refusal, already written. A row that another owner has by now is left
        alone, and the refusal says so.

    Raises:
        IntegrityError: when another worker passes a message of the same person and session at this very moment.
    """
    if judge(seen, now) is None and open_unchanged(db, seen, now):
        return None
    # what changed meanwhile, or an older message of this person and session that is on its way and goes first
    refusal = judge(look(db, [seen.row], now, again=True)[0], now) or wait_a_moment(now)
    return refuse(db, seen.row, refusal)


def refuse(db: Session, row: OutboxMessage, refusal: Refusal) -> Refusal:
    """Write where a leased row goes that does not pass; return the refusal, or `LOST` if the row is another's by now."""
    written = db.connection().execute(
        update(outbox)
        .where(MINE)
        .values(
            state=refusal.state,
            reason=refusal.reason,
            next_attempt_at=refusal.again_at or row.next_attempt_at,
            attempts=outbox.c.attempts + int(refusal.charged),
            lease_owner=None,
            lease_until_at=None,
        ),
        {"message": row.id, "token": row.lease_token},
    )
    return refusal if written.rowcount else LOST


def wait_a_moment(now: datetime) -> Refusal:
    """Return the refusal of what may pass a little later."""
    return Refusal(state=OutboxState.PENDING, reason="waits_its_turn", again_at=now + ORDER_STEP)


def judge(sight: Sight, now: datetime) -> Refusal | None:
    """Return what holds a message back, or None."""
    if sight.row.kind == MessageKind.TEST:
        return _judge_test(sight, now)
    if sight.about is None:
        return Refusal(state=OutboxState.CANCELLED, reason="person_left")
    return (
        _session_refuses(sight.row, sight.about)
        or _person_refuses(sight.about, now)
        or _consent_refuses(MessageKind(sight.row.kind), sight.about, now)
        or _pause_refuses(sight, sight.about, now)
        or _later_refuses(sight)
        or _reading_refuses(sight)
        or _time_refuses(sight.row, sight.about, now)
    )


def _judge_test(sight: Sight, now: datetime) -> Refusal | None:
    """A test goes to whoever asked for it, at any hour; only the pause of everything holds it."""
    if sight.asker is None:
        return Refusal(state=OutboxState.CANCELLED, reason="person_left")
    if sight.row.valid_until_at <= now:
        return Refusal(state=OutboxState.EXPIRED, reason="too_late")
    if sight.paused:
        return Refusal(state=OutboxState.PENDING, reason="paused", again_at=now + PAUSE_STEP)
    return None


def _session_refuses(row: OutboxMessage, about: About) -> Refusal | None:
    session = about.session
    if session is None:
        return None  # it is to a person as such; one about a session goes with the session
    if row.kind == MessageKind.AFTERCARE and not about.group.aftercare:
        return Refusal(state=OutboxState.CANCELLED, reason="rule_removed")
    if row.kind in KINDS_BESIDE:
        cancelled = session.status == SessionStatus.CANCELLED
        return Refusal(state=OutboxState.CANCELLED, reason="session_cancelled") if cancelled else None
    if session.status != STATUS_FOR.get(MessageKind(row.kind), SessionStatus.SCHEDULED):
        return Refusal(state=OutboxState.CANCELLED, reason=f"session_{session.status}")
    if session.time_rev != row.time_rev:
        return Refusal(state=OutboxState.SUPERSEDED, reason="session_changed")
    return None


def _person_refuses(about: About, now: datetime) -> Refusal | None:
    if about.participant.state != MailState.ACTIVE:
        return Refusal(state=OutboxState.SUPPRESSED, reason=f"person_{about.participant.state}")
    if holds(about.suppression, now):
        return Refusal(state=OutboxState.SUPPRESSED, reason="address_refused")
    return None


def _consent_refuses(kind: MessageKind, about: About, now: datetime) -> Refusal | None:
    """Let through to somebody who has not confirmed the question alone, and the question to nobody who answered it."""
    person, group = about.participant, about.group
    if person.waiting:
        return Refusal(state=OutboxState.SUPPRESSED, reason="waiting")
    if kind == MessageKind.CONFIRM:
        return Refusal(state=OutboxState.SUPERSEDED, reason="confirmed") if person.consent_round else None
    word = consent(person, group, now.date())
    if word is Consent.ASKED:
        return Refusal(state=OutboxState.SUPPRESSED, reason="not_confirmed")
    if kind == MessageKind.SAFE_CHECK:
        answered = person.consent_round >= group.consent_round
        return Refusal(state=OutboxState.SUPERSEDED, reason="confirmed") if answered else None
    return Refusal(state=OutboxState.SUPPRESSED, reason="consent_stale") if word is Consent.STALE else None


def _pause_refuses(sight: Sight, about: About, now: datetime) -> Refusal | None:
    if sight.row.valid_until_at <= now:
        return Refusal(state=OutboxState.EXPIRED, reason="too_late")
    if about.group.reminders_paused_at or sight.paused:
        return Refusal(state=OutboxState.PENDING, reason="paused", again_at=now + PAUSE_STEP)
    return None


def _later_refuses(sight: Sight) -> Refusal | None:
    """Let a late reminder give way when a later one for the same time is due as well, or went before it."""
    return Refusal(state=OutboxState.SUPERSEDED, reason="later_reminder") if sight.later else None


def _reading_refuses(sight: Sight) -> Refusal | None:
    """Let nobody be told of something to read that was taken off, changed or moved meanwhile."""
    return None if sight.readable else Refusal(state=OutboxState.SUPERSEDED, reason=NOTHING_TO_READ)


def _time_refuses(row: OutboxMessage, about: About, now: datetime) -> Refusal | None:
    person = about.participant
    zone = get_zone(person.zone or about.group.zone)
    local = to_local(now, zone)
    if row.priority == Priority.URGENT:
        return None
    if not allows_day(person.days, local.date()):
        return _day_refuses(row, about, now)
    if not inside_quiet(local.time(), person.quiet_from_time, person.quiet_to_time):
        return None
    again_at = end_of_quiet(now, zone, person.quiet_from_time, person.quiet_to_time)
    if row.kind in NOTICES and again_at > row.valid_until_at - LEAST_NOTICE:
        return None  # people who would set out in vain are told at night rather than never
    if again_at >= row.valid_until_at:
        return Refusal(state=OutboxState.EXPIRED, reason="quiet_hours")
    return Refusal(state=OutboxState.PENDING, reason="quiet_hours", again_at=again_at)


def _day_refuses(row: OutboxMessage, about: About, now: datetime) -> Refusal | None:
    """Leave out a reminder on a day without messages; everything else waits for the next day with them, if it can."""
    again_at = next_allowed(now, person_facts(about.participant, about.group, now, suppressed=False))
    if row.kind in NOTICES and again_at > row.valid_until_at - LEAST_NOTICE:
        return None
    if row.kind == MessageKind.REMINDER or again_at >= row.valid_until_at:
        return Refusal(state=OutboxState.SUPPRESSED, reason="day_excluded")
    return Refusal(state=OutboxState.PENDING, reason="day_excluded", again_at=again_at)
