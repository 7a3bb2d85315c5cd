"""Keeps the outbox true to the sessions: what should exist is compared with what does, and the difference is written.

Called in the same transaction as the change of a session, a rule or a person, and again by a sweep every minute.
Running it twice, or late, ends the same. Nothing is ever deleted here; what no longer holds gets a named state.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.db import insert_missing
from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders.models import OutboxMessage, ReminderRule
from facilitator.reminders.people import people_of, person_facts
from facilitator.reminders.personal import follow_people
from facilitator.reminders.plan import ChangeFacts, Occasion, PersonFacts, RuleFacts, SessionFacts, expected, notices
from facilitator.reminders.rules import KINDS_OF_TIME, WITHDRAWABLE, MessageKind, OutboxState
from facilitator.tokens import new_id

TOLD = frozenset({OutboxState.SENT, OutboxState.SENDING, OutboxState.UNKNOWN, OutboxState.HELD})
REPLANNED = "#"  # between a key and how often its row was taken back
MINUTE = timedelta(minutes=1)
MAY_BE_TOLD = OutboxMessage.state.in_(TOLD) | (OutboxMessage.unknowns > 0)
RULE_REMOVED = "rule_removed"  # a row taken back for this alone may be planned again


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What one pass changed, in messages; `known` are those that somebody else planned at the same moment."""

    planned: int = 0
    withdrawn: int = 0
    notices: int = 0
    known: int = 0

    def __add__(self, other: "Followed") -> "Followed":
        return Followed(
            planned=self.planned + other.planned,
            withdrawn=self.withdrawn + other.withdrawn,
            notices=self.notices + other.notices,
            known=self.known + other.known,
        )


@dataclass(slots=True)
class Scene:
    """What stands in the database around some sessions of one group."""

    group: Group
    rules: list[RuleFacts]
    people: dict[str, PersonFacts]
    rows: dict[str, list[OutboxMessage]] = field(default_factory=lambda: defaultdict(list))


def follow_group(db: Session, group: Group, now: datetime) -> Followed:
    """Bring the messages of all coming sessions of a group up to date after its people or rules changed."""
    sessions = db.scalars(
        select(GroupSession).where(GroupSession.group_id == group.id, GroupSession.starts_at > now)
    ).all()
    asked = Followed(planned=follow_people(db, group, now))
    return asked + follow(db, sessions, now)


def follow(db: Session, sessions: Sequence[GroupSession], now: datetime) -> Followed:
    """Bring the messages of these sessions up to date.

    What was planned for an older time, place or link is withdrawn; people who were told of it get a notice; the
    reminders of the present time are planned. One person gets one message per occasion however often this runs.
    """
    total = Followed()
    by_group: dict[str, list[GroupSession]] = defaultdict(list)
    for session in _lock(db, sessions):
        by_group[session.group_id].append(session)
    for group_id, members in by_group.items():
        scene = look(db, group_id, members, now)
        for session in members:
            total += _follow_one(db, scene, session, now)
    db.flush()
    return total


def _lock(db: Session, sessions: Sequence[GroupSession]) -> Sequence[GroupSession]:
    """Return the sessions as they are now, held until the end of the transaction.

    They are locked before their messages and in the order that planning uses. A sweep that locked messages first would
    wait for a cancellation that waits for it, because a new message needs its session.
    """
    return db.scalars(
        select(GroupSession)
        .where(GroupSession.id.in_([session.id for session in sessions]))
        .order_by(GroupSession.id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    ).all()


def look(db: Session, group_id: str, sessions: Sequence[GroupSession], now: datetime) -> Scene:
    """Return what stands around some sessions of one group, with their messages held until the end of the transaction."""
    group = db.get_one(Group, group_id)
    leads = db.scalars(select(ReminderRule.lead_minutes).where(ReminderRule.group_id == group_id))
    scene = Scene(
        group=group,
        rules=[RuleFacts(lead=lead * MINUTE) for lead in leads],
        people={one.id: person_facts(one, group, now, suppressed=bad) for one, bad in people_of(db, group_id, now)},
    )
    ids = [session.id for session in sessions]
    for row in db.scalars(
        select(OutboxMessage)
        # a facilitator's test is nobody's message: it neither tells a person nor is it taken back; nor do those that
        # tell of no time
        .where(OutboxMessage.session_id.in_(ids), OutboxMessage.kind.in_(KINDS_OF_TIME))
        .order_by(OutboxMessage.id)
        .with_for_update()  # a row that passes the gate meanwhile would otherwise be withdrawn in mid-air
        .execution_options(populate_existing=True)
    ):
        scene.rows[row.session_id or ""].append(row)
    return scene


def wanted(scene: Scene, session: GroupSession, now: datetime) -> tuple[Sequence[Occasion], Sequence[Occasion]]:
    """Return the notices and the reminders of one session that should exist, those told in another way left out."""
    rows = scene.rows[session.id]
    facts = SessionFacts(
        uid=session.id,
        starts_at=session.starts_at,
        time_rev=session.time_rev,
        stands=session.status == SessionStatus.SCHEDULED,
    )
    details = details_sha(session)
    told = _notices(scene, session, facts, rows, now)
    new_to = {occasion.participant_id for occasion in told}
    reminders = [
        occasion
        for occasion in expected(facts, scene.rules, scene.people.values(), now)
        # the notice carries the new time, and who was told of this very time already is not told again
        if not (occasion.due_at <= now and occasion.participant_id in new_to)
        and not any(_tells_the_same(row, occasion, details) for row in rows)
    ]
    return told, reminders


def _follow_one(db: Session, scene: Scene, session: GroupSession, now: datetime) -> Followed:
    rows = scene.rows[session.id]
    told, reminders = wanted(scene, session, now)
    withdrawn = _withdraw(scene, session, rows)
    _retime(rows, reminders)
    fresh_notices, fresh_reminders = _fresh(session, rows, told, now), _fresh(session, rows, reminders, now)
    notices = insert_missing(db, OutboxMessage, fresh_notices)
    planned = insert_missing(db, OutboxMessage, fresh_reminders)
    known = len(fresh_notices) + len(fresh_reminders) - notices - planned
    return Followed(notices=notices, planned=planned, withdrawn=withdrawn, known=known)


def details_sha(session: GroupSession) -> str:
    """Return a hash of what a message tells of a session: start, place and link."""
    told = f"{session.starts_at.isoformat()}\x00{session.place}\x00{session.link}"
    return hashlib.sha256(told.encode()).hexdigest()


def _tells_the_same(row: OutboxMessage, occasion: Occasion, details: str) -> bool:
    """Tell whether the person heard this very time already: from the same reminder, or from a notice since it was due."""
    if row.state not in TOLD or row.participant_id != occasion.participant_id or row.details_sha != details:
        return False
    if row.kind == occasion.kind:
        return row.lead_minutes * MINUTE == occasion.lead
    return row.kind != MessageKind.CANCELLED and row.gated_at is not None and row.gated_at >= occasion.due_at


def _notices(
    scene: Scene, session: GroupSession, facts: SessionFacts, rows: Sequence[OutboxMessage], now: datetime
) -> tuple[Occasion, ...]:
    """Return the notices for people who were last told something that no longer holds."""
    last_told: dict[str, OutboxMessage] = {}
    for row in rows:
        # one of unknown fate that was taken back may have arrived all the same
        if row.participant_id and (row.state in TOLD or row.unknowns):
            last_told[row.participant_id] = row
    stale = [row for row in last_told.values() if _is_stale(row, session)]
    by_change: dict[tuple[MessageKind, datetime], list[PersonFacts]] = defaultdict(list)
    for row in stale:
        person = scene.people.get(row.participant_id or "")
        if person:
            by_change[_notice_kind(session, row), row.session_starts_at].append(person)
    return tuple(
        occasion
        for (kind, started_at), people in by_change.items()
        for occasion in notices(ChangeFacts(kind=kind, session=facts, started_at=started_at), people, now)
    )


def _is_stale(row: OutboxMessage, session: GroupSession) -> bool:
    said_cancelled = row.kind == MessageKind.CANCELLED
    is_cancelled = session.status == SessionStatus.CANCELLED
    return said_cancelled != is_cancelled or (not is_cancelled and row.details_sha != details_sha(session))


def _notice_kind(session: GroupSession, last: OutboxMessage) -> MessageKind:
    if session.status == SessionStatus.CANCELLED:
        return MessageKind.CANCELLED
    return MessageKind.RESTORED if last.kind == MessageKind.CANCELLED else MessageKind.MOVED


def _withdraw(scene: Scene, session: GroupSession, rows: Sequence[OutboxMessage]) -> int:
    """Take back what was planned for an older time, a removed rule or a removed person; return how many."""
    leads = {rule.lead for rule in scene.rules}
    withdrawn = 0
    for row in rows:
        if row.state not in WITHDRAWABLE:
            continue
        if row.time_rev < session.time_rev:
            cancelled = session.status == SessionStatus.CANCELLED
            row.state = OutboxState.CANCELLED if cancelled else OutboxState.SUPERSEDED
            row.reason = "session_cancelled" if cancelled else "session_changed"
        elif row.participant_id not in scene.people:
            row.state, row.reason = OutboxState.CANCELLED, "person_left"
        elif row.kind == MessageKind.REMINDER and not row.asked_by and not _is_lead(row, scene, leads):
            row.state, row.reason = OutboxState.CANCELLED, RULE_REMOVED
        else:
            continue
        row.lease_owner = row.lease_until_at = None
        withdrawn += 1
    return withdrawn


def _is_lead(row: OutboxMessage, scene: Scene, leads: Collection[timedelta]) -> bool:
    """Tell whether a reminder is still one of the group's, and one that the person wants."""
    lead, chosen = row.lead_minutes * MINUTE, scene.people[row.participant_id or ""].leads
    return lead in leads and (chosen is None or lead in chosen)


def _retime(rows: Sequence[OutboxMessage], reminders: Iterable[Occasion]) -> None:
    """Give untouched rows the time that the person's present zone and quiet hours ask for."""
    wanted = {occasion.dedup_key: occasion for occasion in reminders}
    for row in rows:
        occasion = wanted.get(row.dedup_key.partition(REPLANNED)[0])
        if occasion and row.state == OutboxState.PENDING and not row.attempts and row.due_at != occasion.due_at:
            row.due_at, row.next_attempt_at = occasion.due_at, occasion.next_attempt_at
            row.valid_until_at = occasion.valid_until


def _fresh(
    session: GroupSession, rows: Sequence[OutboxMessage], wanted: Sequence[Occasion], now: datetime
) -> list[dict[str, object]]:
    """Return the messages that are wanted and not there yet, ready to be inserted."""
    taken = {row.dedup_key for row in rows if row.reason != RULE_REMOVED}
    taken_back = Counter(row.dedup_key.partition(REPLANNED)[0] for row in rows if row.reason == RULE_REMOVED)
    fresh = []
    for occasion in wanted:
        again = taken_back[occasion.dedup_key]
        key = f"{occasion.dedup_key}{REPLANNED}{again}" if again else occasion.dedup_key
        if key not in taken:
            fresh.append(values_of(session, occasion, key, now))
    return fresh


def values_of(session: GroupSession, occasion: Occasion, key: str, now: datetime) -> dict[str, object]:
    """Return the columns of a message that is planned now, under a key of its own."""
    return {
        "uuid": new_id(),
        "dedup_key": key,
        "session_id": session.id,
        "time_rev": session.time_rev,
        "participant_id": occasion.participant_id,
        "kind": occasion.kind,
        "lead_minutes": occasion.lead // MINUTE,
        "session_starts_at": session.starts_at,
        "details_sha": details_sha(session),
        "priority": int(occasion.priority),
        "due_at": occasion.due_at,
        "valid_until_at": occasion.valid_until,
        "next_attempt_at": occasion.next_attempt_at,
        "planned_at": now,
        "state": OutboxState.PENDING,
        "reason": "",
        "attempts": 0,
        "unknowns": 0,
        "lease_token": 0,
        "reply": "",
        "enhanced": "",
        "rendered_sha": "",
    }
