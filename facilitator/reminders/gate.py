"""The last look before a message leaves: is everything that was true when it was planned still true?

The gate is where a cancellation and a hand-over are put in order. Whatever it refuses gets a terminal state or a new
time in the same transaction; a refusal that wrote nothing would make the row loop for ever.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from facilitator.accounts.models import InstallationSetting
from facilitator.groups.models import Group, MailState, Participant
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders.claim import SENDING_LEASE
from facilitator.reminders.follow import TOLD
from facilitator.reminders.models import OutboxMessage, Suppression, holds
from facilitator.reminders.plan import LEAST_NOTICE
from facilitator.reminders.rules import MessageKind, OutboxState, Priority
from facilitator.times import end_of_quiet, get_zone, inside_quiet, to_local

PAUSED_SETTING = "mail_paused"
PAUSE_STEP = timedelta(minutes=1)
ORDER_STEP = timedelta(seconds=5)
LEASE_MARGIN = timedelta(seconds=5)
STANDS_FOR_EARLIER = TOLD | {OutboxState.PENDING, OutboxState.LEASED}
STATUS_FOR = {MessageKind.CANCELLED: SessionStatus.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What the gate saw: everything that a letter is made of."""

    row: OutboxMessage
    session: GroupSession
    group: Group
    participant: Participant


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a row does not pass, and where it goes.

    Args:
        state: pending when it may pass later, otherwise terminal.
        reason: a code.
        again_at: when to try again, for pending.
    """

    state: OutboxState
    reason: str
    again_at: datetime | None = None


def pass_gate(db: Session, row: OutboxMessage, now: datetime) -> Passage | Refusal | None:
    """Move a leased row to sending if it may leave now, else write where it goes instead.

    Returns:
        what to send; or the refusal, already written; or None when the row belongs to another owner by now.
    """
    found = _look(db, row)
    if found is None:
        return _write(db, row, Refusal(state=OutboxState.CANCELLED, reason="person_left"))
    refusal = _judge(db, found, now)
    if refusal:
        return _write(db, row, refusal)
    try:
        with db.begin_nested():
            first_gated_at = _open(db, row, now)
    except IntegrityError:
        # an older message of this person and session is on its way; it goes first
        return _write(db, row, Refusal(state=OutboxState.PENDING, reason="waits_its_turn", again_at=now + ORDER_STEP))
    if first_gated_at is None:
        return None
    row.first_gated_at = first_gated_at  # the letter is dated with it, on this try and on every later one
    return found


def _look(db: Session, row: OutboxMessage) -> Passage | None:
    found = db.execute(
        select(GroupSession, Group, Participant)
        .join(Group, Group.id == GroupSession.group_id)
        .join(Participant, Participant.id == row.participant_id)
        .where(GroupSession.id == row.session_id)
        # a cancellation or move takes this row FOR UPDATE: one of the two waits for the other
        .with_for_update(read=True, of=GroupSession)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        return None
    session, group, participant = found
    return Passage(row=row, session=session, group=group, participant=participant)


def _judge(db: Session, passage: Passage, now: datetime) -> Refusal | None:
    return (
        _session_refuses(passage)
        or _person_refuses(db, passage.participant, now)
        or _pause_refuses(db, passage, now)
        or _later_refuses(db, passage.row, now)
        or _time_refuses(passage, now)
    )


def _session_refuses(passage: Passage) -> Refusal | None:
    row, session = passage.row, passage.session
    if session.status != STATUS_FOR.get(MessageKind(row.kind), SessionStatus.SCHEDULED):
        return Refusal(state=OutboxState.CANCELLED, reason=f"session_{session.status}")
    if session.time_rev != row.time_rev:
        return Refusal(state=OutboxState.SUPERSEDED, reason="session_changed")
    return None


def _person_refuses(db: Session, participant: Participant, now: datetime) -> Refusal | None:
    if participant.state != MailState.ACTIVE:
        return Refusal(state=OutboxState.SUPPRESSED, reason=f"person_{participant.state}")
    suppressed = db.get(Suppression, participant.address_index)
    if holds(suppressed, now):
        return Refusal(state=OutboxState.SUPPRESSED, reason="address_refused")
    return None


def _pause_refuses(db: Session, passage: Passage, now: datetime) -> Refusal | None:
    if passage.row.valid_until_at <= now:
        return Refusal(state=OutboxState.EXPIRED, reason="too_late")
    if passage.group.reminders_paused_at or db.get(InstallationSetting, PAUSED_SETTING):
        return Refusal(state=OutboxState.PENDING, reason="paused", again_at=now + PAUSE_STEP)
    return None


def _later_refuses(db: Session, row: OutboxMessage, now: datetime) -> Refusal | None:
    """Let a late reminder give way when a later one for the same time is due as well, or went before it."""
    later = select(OutboxMessage.id).where(
        OutboxMessage.session_id == row.session_id,
        OutboxMessage.participant_id == row.participant_id,
        OutboxMessage.time_rev == row.time_rev,
        OutboxMessage.kind == MessageKind.REMINDER,
        OutboxMessage.lead_minutes < row.lead_minutes,
        OutboxMessage.due_at <= now,
        OutboxMessage.state.in_(STANDS_FOR_EARLIER),
    )
    if row.kind != MessageKind.REMINDER or db.scalar(later.limit(1)) is None:
        return None
    return Refusal(state=OutboxState.SUPERSEDED, reason="later_reminder")


def _time_refuses(passage: Passage, now: datetime) -> Refusal | None:
    row, person = passage.row, passage.participant
    zone = get_zone(person.zone or passage.group.zone)
    quiet = inside_quiet(to_local(now, zone).time(), person.quiet_from_time, person.quiet_to_time)
    if not quiet or row.priority == Priority.URGENT:
        return None
    again_at = end_of_quiet(now, zone, person.quiet_from_time, person.quiet_to_time)
    if row.kind != MessageKind.REMINDER and again_at > row.valid_until_at - LEAST_NOTICE:
        return None  # people who would set out in vain are told at night rather than never
    if again_at >= row.valid_until_at:
        return Refusal(state=OutboxState.EXPIRED, reason="quiet_hours")
    return Refusal(state=OutboxState.PENDING, reason="quiet_hours", again_at=again_at)


def _mine(row: OutboxMessage) -> tuple[object, ...]:
    return (
        OutboxMessage.id == row.id,
        OutboxMessage.lease_token == row.lease_token,
        OutboxMessage.state == OutboxState.LEASED,
    )


def _open(db: Session, row: OutboxMessage, now: datetime) -> datetime | None:
    """Return when the row passed for the first time, as the database keeps it, or None when it does not pass."""
    return db.scalar(
        update(OutboxMessage)
        .where(*_mine(row), OutboxMessage.lease_until_at > now + LEASE_MARGIN)  # type: ignore[arg-type] # expressions
        .values(
            state=OutboxState.SENDING,
            reason="",
            gated_at=now,
            first_gated_at=row.first_gated_at or now,
            attempts=OutboxMessage.attempts + 1,
            lease_until_at=now + SENDING_LEASE,
        )
        .returning(OutboxMessage.first_gated_at)
        .execution_options(synchronize_session=False)
    )


def _write(db: Session, row: OutboxMessage, refusal: Refusal) -> Refusal | None:
    result = db.execute(
        update(OutboxMessage)
        .where(*_mine(row))  # type: ignore[arg-type] # expressions
        .values(
            state=refusal.state,
            reason=refusal.reason,
            next_attempt_at=refusal.again_at or row.next_attempt_at,
            lease_owner=None,
            lease_until_at=None,
        )
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return refusal if result.all() else None
