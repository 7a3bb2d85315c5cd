"""Keeps the messages to people as such true: who was added is asked, who confirmed is welcomed, and so on.

They stand in the outbox beside those of sessions and go the same way; with them go the messages about a session that
tell nothing of its time. Planned in the same transaction as the change,
and again by the sweep; running twice, or late, ends the same. A welcome belongs to a question that was asked: whoever
is on a list without one was moved there or knows of it. Nothing here sends, and nothing is ever deleted.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session, aliased

from facilitator.db import insert_missing
from facilitator.errors import Conflict
from facilitator.groups.consent import ask_again, is_written_to
from facilitator.groups.models import Group, MailState, Participant
from facilitator.groups.rules_consent import GRACE, ROUND
from facilitator.materials.announcing import due_announcements
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders.announcing import list_to_tell, take_back
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.people import people_of, person_facts
from facilitator.reminders.plan import Occasion, PersonFacts
from facilitator.reminders.plan_personal import (
    AFTERCARE_WITHIN,
    DAY,
    GOODBYE_WITHIN,
    MOST_CONFIRMS,
    plan_aftercare,
    plan_confirm,
    plan_goodbye,
    plan_safe_check,
    plan_welcome,
)
from facilitator.reminders.rules import KINDS_WITHOUT_SESSION, WITHDRAWABLE, MessageKind, OutboxState
from facilitator.tokens import new_id

ASIDE = timedelta(days=2)  # zones, and the morning after
ENDED = (SessionStatus.SCHEDULED, SessionStatus.DONE)


def follow_people(db: Session, group: Group, now: datetime) -> int:
    """Plan what people of a group should get as such and take back what was answered; return how many were planned."""
    people = list(people_of(db, group.id, now))
    kept = _rows(db, [person.id for person, _bad in people])
    wanted = list(_wanted(db, group, people, kept, now))
    _take_back({person.id: person for person, _bad in people}, group, kept, {one.dedup_key for one, _at in wanted})
    keys = {row.dedup_key for row in kept}
    fresh = [_values(one, None, told_at, now) for one, told_at in wanted if one.dedup_key not in keys]
    take_back(db, group, now)
    beside = [_values(one, session, session.starts_at, now) for session, one in _beside(db, group, people, now)]
    return insert_missing(db, OutboxMessage, [*fresh, *beside])


def count_missing(db: Session, group: Group, now: datetime) -> int:
    """Return how many messages to people as such should exist and do not."""
    people = list(people_of(db, group.id, now))
    kept = _rows(db, [person.id for person, _bad in people])
    keys = {occasion.dedup_key for occasion, _at in _wanted(db, group, people, kept, now)}
    keys |= {occasion.dedup_key for _session, occasion in _beside(db, group, people, now)}
    present = set(db.scalars(select(OutboxMessage.dedup_key).where(OutboxMessage.dedup_key.in_(keys))))
    return len(keys - present)


def repeat_confirm(db: Session, group: Group, person: Participant, now: datetime) -> None:
    """Plan the question once more, because a facilitator asks for it; there is never a third.

    Raises:
        Conflict: when the person confirmed, waits or wants no messages, or was asked twice already.
    """
    if person.consent_round or person.waiting or person.state != MailState.ACTIVE:
        raise Conflict("Only somebody who has a place and has not confirmed yet can be asked once more.")
    facts = person_facts(person, group, now, suppressed=False)
    first, again = (plan_confirm(facts, number, now) for number in range(1, MOST_CONFIRMS + 1))
    was_asked = db.scalar(select(OutboxMessage.id).where(OutboxMessage.dedup_key == first.dedup_key)) is not None
    if not insert_missing(db, OutboxMessage, [_values(again if was_asked else first, None, now, now)]):
        raise Conflict("This person was asked twice. Speak with them in another way.")


def groups_to_look_at(db: Session, now: datetime) -> Sequence[Group]:
    """Return the groups in which a message to a person as such may be missing, in the order in which all lock them."""
    asked, welcomed = aliased(OutboxMessage), aliased(OutboxMessage)
    in_and_active = (Participant.waiting == 0) & (Participant.state == MailState.ACTIVE)
    has_question = exists(
        select(asked.id).where(asked.participant_id == Participant.id, asked.kind == MessageKind.CONFIRM)
    )
    has_welcome = exists(
        select(welcomed.id).where(welcomed.participant_id == Participant.id, welcomed.kind == MessageKind.WELCOME)
    )
    unasked = (Participant.consent_round == 0) & ~has_question
    unwelcomed = (Participant.consent_round > 0) & has_question & ~has_welcome
    by_person = select(Participant.group_id).where(in_and_active, or_(unasked, unwelcomed))
    reach = ASIDE + GOODBYE_WITHIN + AFTERCARE_WITHIN
    by_session = select(GroupSession.group_id).where(
        GroupSession.ends_at <= now, GroupSession.ends_at > now - reach, GroupSession.status.in_(ENDED)
    )
    in_grace = (Group.consent_round > 1) & (Group.consent_since_on > now.date() - GRACE - DAY)
    by_material = {one.session.group_id for one in due_announcements(db, now)}
    by_id = (Group.id.in_(by_person), Group.id.in_(by_session), Group.id.in_(by_material))
    found = select(Group).where(or_(*by_id, in_grace))
    return db.scalars(found.order_by(Group.id)).all()


def _rows(db: Session, ids: Sequence[str]) -> Sequence[OutboxMessage]:
    return db.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.participant_id.in_(ids), OutboxMessage.kind.in_(KINDS_WITHOUT_SESSION))
        .order_by(OutboxMessage.id)
        .with_for_update()  # a row that passes the gate meanwhile would otherwise be withdrawn in mid-air
        .execution_options(populate_existing=True)
    ).all()


def _take_back(
    people: dict[str, Participant], group: Group, rows: Iterable[OutboxMessage], wanted: Collection[str]
) -> None:
    """End the questions that were answered, and the goodbyes of a group that goes on."""
    for row in rows:
        person = people[row.participant_id or ""]
        answered = row.kind == MessageKind.CONFIRM and person.consent_round > 0
        answered |= row.kind == MessageKind.SAFE_CHECK and person.consent_round >= group.consent_round
        goes_on = row.kind == MessageKind.GOODBYE and row.dedup_key not in wanted
        if (answered or goes_on) and row.state in WITHDRAWABLE:
            row.state, row.reason = OutboxState.SUPERSEDED, "confirmed" if answered else "goes_on"
            row.lease_owner = row.lease_until_at = None


def _wanted(
    db: Session,
    group: Group,
    people: Sequence[tuple[Participant, bool]],
    kept: Sequence[OutboxMessage],
    now: datetime,
) -> Iterable[tuple[Occasion, datetime]]:
    """Yield what should exist, each with the instant that its letter tells of."""
    asked = {row.participant_id for row in kept if row.kind == MessageKind.CONFIRM}
    last = _last_session(db, group, now)
    for person, suppressed in people:
        if suppressed or person.waiting or person.state != MailState.ACTIVE:
            continue
        facts = person_facts(person, group, now, suppressed=False)
        for occasion in _for_person(person, facts, group, now, was_asked=person.id in asked):
            yield occasion, now
        if last and is_written_to(person, group, now.date()):
            goodbye = plan_goodbye(facts, last.id, last.ends_at, now)
            if goodbye:
                yield goodbye, last.ends_at


def _for_person(
    person: Participant, facts: PersonFacts, group: Group, now: datetime, *, was_asked: bool
) -> Iterable[Occasion]:
    if not person.consent_round:
        if not was_asked:
            yield plan_confirm(facts, 1, now)
        return
    if was_asked:
        yield plan_welcome(facts, now)
    if person.consent_round < group.consent_round and group.consent_since_on:
        check = plan_safe_check(facts, group.consent_round, group.consent_since_on, now)
        if check:
            yield check


def _last_session(db: Session, group: Group, now: datetime) -> GroupSession | None:
    """Return the session with which a group ended, or None while one is still to come or it ended long ago."""
    stands = select(GroupSession).where(GroupSession.group_id == group.id, GroupSession.status.in_(ENDED))
    last = db.scalars(stands.order_by(GroupSession.ends_at.desc()).limit(1)).first()
    is_over = last is not None and now - ASIDE - GOODBYE_WITHIN < last.ends_at <= now
    return last if is_over else None


def _beside(
    db: Session, group: Group, people: Sequence[tuple[Participant, bool]], now: datetime
) -> Iterable[tuple[GroupSession, Occasion]]:
    yield from _aftercare(db, group, people, now)
    yield from list_to_tell(db, group, people, now)


def _aftercare(
    db: Session, group: Group, people: Sequence[tuple[Participant, bool]], now: datetime
) -> Iterable[tuple[GroupSession, Occasion]]:
    if not group.aftercare:
        return
    ended = select(GroupSession).where(
        GroupSession.group_id == group.id,
        GroupSession.ends_at <= now,
        GroupSession.ends_at > now - ASIDE,
        GroupSession.status.in_(ENDED),
    )
    for session in db.scalars(ended):
        for person, suppressed in people:
            if suppressed or not is_written_to(person, group, now.date()):
                continue
            facts = person_facts(person, group, now, suppressed=False)
            occasion = plan_aftercare(facts, session.id, session.ends_at, now)
            if occasion:
                yield session, occasion


def _values(occasion: Occasion, session: GroupSession | None, told_at: datetime, now: datetime) -> dict[str, Any]:
    """Return the columns of a message that is planned now."""
    return {
        "uuid": new_id(),
        "dedup_key": occasion.dedup_key,
        "session_id": session.id if session else None,
        "time_rev": session.time_rev if session else 0,
        "participant_id": occasion.participant_id,
        "kind": occasion.kind,
        "lead_minutes": 0,
        "session_starts_at": told_at,
        "details_sha": "",
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


def is_unanswered(row: type[OutboxMessage]) -> Any:
    """Return the condition that a row is the question to somebody who has not confirmed: kept, so that none is a third."""
    return (row.kind == MessageKind.CONFIRM) & exists(
        select(Participant.id).where(Participant.id == row.participant_id, Participant.consent_round == 0)
    )


def open_rounds(db: Session, now: datetime) -> int:
    """Open the next round of every group whose present one is 56 days old and that has sessions to come.

    Returns:
        how many groups ask their people again.
    """
    coming = exists(
        select(GroupSession.id).where(
            GroupSession.group_id == Group.id,
            GroupSession.starts_at > now,
            GroupSession.status == SessionStatus.SCHEDULED,
        )
    )
    over = select(Group).where(Group.consent_since_on <= now.date() - ROUND, coming).order_by(Group.id)
    groups = db.scalars(over).all()
    for group in groups:
        ask_again(db, group, now.date())
        follow_people(db, group, now)
    return len(groups)
