"""The sweep: brings the outbox up to date without anybody having changed anything, and ends what came too late.

Safe to run twice, or late; a change that forgot to call `follow` is made good here. Nothing is sent or deleted.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession
from facilitator.planning.redating import redate_coming
from facilitator.reminders.counts import add_figures
from facilitator.reminders.follow import Followed, follow
from facilitator.reminders.models import OutboxMessage, in_states
from facilitator.reminders.personal import follow_people, groups_to_look_at
from facilitator.reminders.rules import OutboxState

log = logging.getLogger(__name__)


def sweep(db: Session, ahead: timedelta, now: datetime, between: Callable[[], None] = lambda: None) -> Followed:
    """Bring the messages of every session that starts within `ahead` up to date, and end those whose time passed.

    Sessions that a change of the zone rules puts elsewhere are followed however far ahead they are. A group that
    cannot be followed is told to the log and leaves the others their messages.

    Args:
        db: a writing session.
        ahead: how far to look.
        now: the present instant.
        between: called after each group; a worker commits there, so that nobody waits for the whole round.
    """
    expire_overdue(db, now)
    redated = redate_coming(db, now)
    coming = select(GroupSession).where(GroupSession.starts_at > now, GroupSession.starts_at <= now + ahead)
    total = Followed()
    for group_id, sessions in _by_group([*redated, *db.scalars(coming)]):
        total += _follow_group(db, group_id, sessions, now)
        between()
    for group in groups_to_look_at(db, now):
        total += _follow_people(db, group, now)
        between()
    if total.known:
        # last of all: whoever held this row and waited for another planner's messages could be waited for in turn
        add_figures(db, {("dedup_hits", ""): total.known})
    return total


def _by_group(sessions: Iterable[GroupSession]) -> list[tuple[str, list[GroupSession]]]:
    """Return the sessions by group, in the order in which every sweep locks them."""
    found: dict[str, list[GroupSession]] = defaultdict(list)
    for session in sessions:
        found[session.group_id].append(session)
    return sorted(found.items(), key=lambda pair: pair[0])


def _follow_group(db: Session, group_id: str, sessions: list[GroupSession], now: datetime) -> Followed:
    try:
        with db.begin_nested():
            return follow(db, sessions, now)
    except OperationalError:
        raise  # the database itself is at fault, and the whole sweep is done again
    except Exception:
        log.exception("the messages of a group cannot be planned", extra={"event": "poisoned", "group_id": group_id})
        return Followed()


def _follow_people(db: Session, group: Group, now: datetime) -> Followed:
    try:
        with db.begin_nested():
            return Followed(planned=follow_people(db, group, now))
    except OperationalError:
        raise
    except Exception:
        log.exception("a list cannot be written to", extra={"event": "poisoned", "group_id": group.id})
        return Followed()


def expire_overdue(db: Session, now: datetime) -> int:
    """End every message that nobody sent in time; returns how many. A person sees them in the ledger."""
    overdue = (
        select(OutboxMessage)
        .where(
            in_states(OutboxState.PENDING, OutboxState.UNKNOWN, OutboxState.HELD),
            OutboxMessage.valid_until_at <= now,
        )
        .with_for_update(skip_locked=True)  # what somebody holds is ended by the next sweep
    )
    rows = db.scalars(overdue).all()
    for row in rows:
        row.state, row.reason = OutboxState.EXPIRED, "too_late"
    db.flush()
    return len(rows)
