"""The statements that open the gate: a leased row is on its way only while nothing of what was seen of it has changed.

One statement asks and decides, for a message about a session as for one to a person as such. What a letter is made of
and what may hold it back stands in lists of columns here; a column that joins them is named in one place.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, and_, bindparam, exists, func, literal_column, or_, select, update
from sqlalchemy.orm import Session, aliased

from facilitator.db import Base, Instant
from facilitator.groups.models import Group, MailState, Participant
from facilitator.planning.models import GroupSession
from facilitator.prepared import Prepared
from facilitator.reminders.claim import SENDING_LEASE
from facilitator.reminders.models import OutboxMessage, Suppression
from facilitator.reminders.rules import OutboxState
from facilitator.reminders.sight import Sight, later_reminder, paused_setting

LEASE_MARGIN = timedelta(seconds=5)


def first_gate(row: OutboxMessage, now: datetime) -> datetime:
    """Return when the row passed for the first time, if it passes now: the date of its letter on every try."""
    return row.first_gated_at or now.replace(microsecond=now.microsecond // 1000 * 1000)


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
PERSON_FACTS = (
    "id", "key_wrapped", "address_sealed", "wording", "link_version", "quiet_from_time", "quiet_to_time", "consent_round", "waiting",
    "days",
)  # fmt: skip
GROUP_FACTS = ("zone", "language", "consent_round", "aftercare")
_unchanged_person = and_(
    *(people.c[name] == bindparam(f"seen_person_{name}") for name in PERSON_FACTS),
    *(groups.c[name] == bindparam(f"seen_group_{name}") for name in GROUP_FACTS),
    people.c.state == literal_column(f"'{MailState.ACTIVE}'"),
    func.coalesce(people.c.zone, literal_column("''")) == bindparam("seen_zone"),
    func.coalesce(people.c.language, literal_column("''")) == bindparam("seen_language"),
    groups.c.reminders_paused_at.is_(None),
)
_still = (
    select(people.c.id)
    .select_from(sessions.join(groups, groups.c.id == sessions.c.group_id).join(people, literal_column("1 = 1")))
    .where(*(sessions.c[name] == bindparam(f"seen_session_{name}") for name in SESSION_FACTS), _unchanged_person)
    # a cancellation or a person's wish that is being saved is waited for; SQLite has one writer anyhow
    .with_for_update(read=True, of=(sessions, people))
    .cte("still")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_still_person = (
    select(people.c.id)
    .select_from(people.join(groups, groups.c.id == people.c.group_id))
    .where(_unchanged_person)
    .with_for_update(read=True, of=people)
    .cte("still_person")
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
# one to a person as such has no session that could have changed, and none whose messages keep an order
OPEN_PERSON_UNCHANGED = Prepared(_open_mine.where(exists(select(_still_person.c.id)), ~_suppressed, ~paused_setting()))


def _opening(row: OutboxMessage, now: datetime) -> dict[str, object]:
    return {
        "message": row.id,
        "token": row.lease_token,
        "margin": now + LEASE_MARGIN,
        "at": now,
        "first_at": first_gate(row, now),
        "until": now + SENDING_LEASE,
    }


def open_unchanged(db: Session, seen: Sight, now: datetime) -> bool:
    """Open for a message of which nothing changed since it was seen; asked and done in one statement."""
    if seen.about is None:
        return OPEN.run(db.connection(), _opening(seen.row, now)) is not None
    about = seen.about
    facts = _opening(seen.row, now) | {
        "seen_zone": about.participant.zone or "",
        "seen_language": about.participant.language or "",
        "seen_address_index": about.participant.address_index,
    }
    for prefix, thing, names in (
        ("session", about.session, SESSION_FACTS if about.session else ()),
        ("person", about.participant, PERSON_FACTS),
        ("group", about.group, GROUP_FACTS),
    ):
        facts |= {f"seen_{prefix}_{name}": getattr(thing, name) for name in names}
    statement = OPEN_UNCHANGED if about.session else OPEN_PERSON_UNCHANGED
    return statement.run(db.connection(), facts) is not None
