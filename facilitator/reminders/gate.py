"""The last look before a message leaves: is everything that was true when it was planned still true?

The gate is where a cancellation and a hand-over are put in order. A message passes when nothing changed since it was
looked at, which one statement asks and decides; otherwise another look says why not. Whatever is refused gets a
terminal state or a new time in the same transaction; a refusal that wrote nothing would make the row loop for ever.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Table,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from facilitator.db import Base, Instant, Prepared
from facilitator.groups.models import Group, MailState, Participant
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders.claim import SENDING_LEASE
from facilitator.reminders.models import OutboxMessage, Suppression, holds
from facilitator.reminders.plan import LEAST_NOTICE
from facilitator.reminders.rules import MessageKind, OutboxState, Priority
from facilitator.reminders.sight import About, Sight, later_reminder, look, paused_setting
from facilitator.times import end_of_quiet, get_zone, inside_quiet, to_local

PAUSE_STEP = timedelta(minutes=1)
ORDER_STEP = timedelta(seconds=5)
LEASE_MARGIN = timedelta(seconds=5)
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
    if judge(seen, now) is None and _open(db, seen, now):
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


def first_gate(row: OutboxMessage, now: datetime) -> datetime:
    """Return when the row passed for the first time, if it passes now: the date of its letter on every try."""
    return row.first_gated_at or now.replace(microsecond=now.microsecond // 1000 * 1000)


def judge(sight: Sight, now: datetime) -> Refusal | None:
    """Return what holds a message back, or None."""
    if sight.row.kind == MessageKind.TEST:
        return _judge_test(sight, now)
    if sight.about is None:
        return Refusal(state=OutboxState.CANCELLED, reason="person_left")
    return (
        _session_refuses(sight.row, sight.about.session)
        or _person_refuses(sight.about, now)
        or _pause_refuses(sight, sight.about, now)
        or _later_refuses(sight)
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


def _session_refuses(row: OutboxMessage, session: GroupSession) -> Refusal | None:
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


def _pause_refuses(sight: Sight, about: About, now: datetime) -> Refusal | None:
    if sight.row.valid_until_at <= now:
        return Refusal(state=OutboxState.EXPIRED, reason="too_late")
    if about.group.reminders_paused_at or sight.paused:
        return Refusal(state=OutboxState.PENDING, reason="paused", again_at=now + PAUSE_STEP)
    return None


def _later_refuses(sight: Sight) -> Refusal | None:
    """Let a late reminder give way when a later one for the same time is due as well, or went before it."""
    return Refusal(state=OutboxState.SUPERSEDED, reason="later_reminder") if sight.later else None


def _time_refuses(row: OutboxMessage, about: About, now: datetime) -> Refusal | None:
    person = about.participant
    zone = get_zone(person.zone or about.group.zone)
    quiet = inside_quiet(to_local(now, zone).time(), person.quiet_from_time, person.quiet_to_time)
    if not quiet or row.priority == Priority.URGENT:
        return None
    again_at = end_of_quiet(now, zone, person.quiet_from_time, person.quiet_to_time)
    if row.kind != MessageKind.REMINDER and again_at > row.valid_until_at - LEAST_NOTICE:
        return None  # people who would set out in vain are told at night rather than never
    if again_at >= row.valid_until_at:
        return Refusal(state=OutboxState.EXPIRED, reason="quiet_hours")
    return Refusal(state=OutboxState.PENDING, reason="quiet_hours", again_at=again_at)


def table_of(model: type[Base]) -> Table:
    """Return the table of a model, for the statements that run once for every message."""
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is mapped to no plain table")
    return table


outbox, sessions = table_of(OutboxMessage), table_of(GroupSession)
people, groups = table_of(Participant), table_of(Group)
LEASED: ColumnElement[str] = literal_column(f"'{OutboxState.LEASED}'")
SENDING: ColumnElement[str] = literal_column(f"'{OutboxState.SENDING}'")
TO_SENDING = {
    "state": SENDING,
    "reason": literal_column("''"),
    "gated_at": bindparam("at", type_=Instant),
    "first_gated_at": bindparam("first_at", type_=Instant),
    "attempts": outbox.c.attempts + literal_column("1"),
    "lease_until_at": bindparam("until", type_=Instant),
}
MINE = and_(
    outbox.c.id == bindparam("message"),
    outbox.c.lease_token == bindparam("token"),
    outbox.c.state == LEASED,
)
MINE_IN_HAND = and_(
    outbox.c.id == bindparam("message"),
    outbox.c.lease_token == bindparam("token"),
    outbox.c.state == SENDING,
)
IN_TIME = outbox.c.lease_until_at > bindparam("margin", type_=Instant)
# the driver of SQLite counts no rows of a statement that begins with WITH, so the row itself is asked for
_open_mine = update(outbox).where(MINE, IN_TIME).values(TO_SENDING).returning(outbox.c.id)
OPEN = Prepared(_open_mine)

# what a letter is made of and what may hold it back; a column that joins them belongs in here as well
SESSION_FACTS = ("id", "status", "time_rev", "minutes", "link_version")
PERSON_FACTS = ("id", "address_sealed", "wording", "link_version", "quiet_from_time", "quiet_to_time")
GROUP_FACTS = ("zone", "language")
_still = (
    select(people.c.id)
    .select_from(sessions.join(groups, groups.c.id == sessions.c.group_id).join(people, literal_column("1 = 1")))
    .where(
        *(sessions.c[name] == bindparam(f"seen_session_{name}") for name in SESSION_FACTS),
        *(people.c[name] == bindparam(f"seen_person_{name}") for name in PERSON_FACTS),
        *(groups.c[name] == bindparam(f"seen_group_{name}") for name in GROUP_FACTS),
        people.c.state == literal_column(f"'{MailState.ACTIVE}'"),
        func.coalesce(people.c.zone, literal_column("''")) == bindparam("seen_zone"),
        groups.c.reminders_paused_at.is_(None),
    )
    # a cancellation or a person's wish that is being saved is waited for; SQLite has one writer anyhow
    .with_for_update(read=True, of=(sessions, people))
    .cte("still")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_other = aliased(OutboxMessage)
_in_flight = exists(
    select(_other.id).where(
        _other.session_id == outbox.c.session_id,
        _other.participant_id == outbox.c.participant_id,
        _other.state == SENDING,
    )
)
_suppressed = exists(
    select(Suppression.address_index).where(
        Suppression.address_index == bindparam("seen_address_index"),
        or_(Suppression.until_at.is_(None), Suppression.until_at > bindparam("at", type_=Instant)),
    )
)
OPEN_UNCHANGED = Prepared(
    _open_mine.where(
        exists(select(_still.c.id)),
        ~_suppressed,
        ~paused_setting(),
        ~_in_flight,
        ~later_reminder(OutboxMessage, bindparam("at", type_=Instant)),
    )
)


def _opening(row: OutboxMessage, now: datetime) -> dict[str, object]:
    return {
        "message": row.id,
        "token": row.lease_token,
        "margin": now + LEASE_MARGIN,
        "at": now,
        "first_at": first_gate(row, now),
        "until": now + SENDING_LEASE,
    }


def _open(db: Session, seen: Sight, now: datetime) -> bool:
    """Open for a message of which nothing changed since it was seen; asked and done in one statement."""
    if seen.about is None:
        return OPEN.run(db.connection(), _opening(seen.row, now)) is not None
    about = seen.about
    facts = _opening(seen.row, now) | {
        "seen_zone": about.participant.zone or "",
        "seen_address_index": about.participant.address_index,
    }
    for prefix, thing, names in (
        ("session", about.session, SESSION_FACTS),
        ("person", about.participant, PERSON_FACTS),
        ("group", about.group, GROUP_FACTS),
    ):
        facts |= {f"seen_{prefix}_{name}": getattr(thing, name) for name in names}
    return OPEN_UNCHANGED.run(db.connection(), facts) is not None
