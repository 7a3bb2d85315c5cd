"""Use cases of consent: who agreed to be written to at their address, and asking everybody again.

A person's word is kept as the number of their group's round and never as a date. Nothing here writes to anybody; the
caller brings the messages of the group up to date afterwards, in the same transaction.
"""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, func, or_, select
from sqlalchemy.orm import Session

from facilitator.errors import Invalid
from facilitator.groups.models import Group, MailState, Participant, Wording
from facilitator.groups.rules_consent import EVERY_DAY, GRACE, Consent, consent_of
from facilitator.times import get_zone

LANGUAGES = ("en", "es")


def confirm(
    db: Session,
    person: Participant,
    *,
    wording: Wording,
    zone: str | None,
    language: str | None,
    leads: list[int] | None,
    days: int,
    quiet_from_time: time,
    quiet_to_time: time,
    now: datetime,
) -> None:
    """Write down that a person agrees, and how they want to be written to.

    The group's round begins with the first who confirms, if it has no day yet.

    Raises:
        Invalid: when the zone or the language is unknown, no day is left, or a lead is not a number of minutes.
    """
    if zone:
        get_zone(zone)
    if language is not None and language not in LANGUAGES:
        raise Invalid("Choose a language from the list.", "language")
    if not 1 <= days <= EVERY_DAY:
        raise Invalid("Choose at least one day.", "days")
    if leads is not None and any(lead <= 0 for lead in leads):
        raise Invalid("Choose reminders from the list.", "leads")
    person.wording, person.zone, person.language = wording, zone or None, language
    person.leads, person.days = leads, days
    person.quiet_from_time, person.quiet_to_time = quiet_from_time, quiet_to_time
    reaffirm(db, person)
    group = db.get_one(Group, person.group_id)
    group.consent_since_on = group.consent_since_on or now.date()
    db.flush()


def reaffirm(db: Session, person: Participant) -> None:
    """Write down that a person agrees still; how they are written to stays as it is."""
    person.consent_round = db.get_one(Group, person.group_id).consent_round
    db.flush()


def ask_again(db: Session, group: Group, on: date) -> None:
    """Open the next round of a group: from this day on everybody is asked again whether their address is still safe."""
    db.refresh(group, with_for_update={"key_share": True})
    group.consent_round, group.consent_since_on = group.consent_round + 1, on
    db.flush()


def consent(person: Participant, group: Group, on: date) -> Consent:
    """Return what a person's word is worth on a day."""
    return consent_of(person.consent_round, group.consent_round, group.consent_since_on, on)


def is_written_to(person: Participant, group: Group, on: date) -> bool:
    """Tell whether a person gets messages: has agreed, is in, and has neither paused nor stopped them."""
    is_in = person.waiting == 0 and person.state == MailState.ACTIVE
    return is_in and consent(person, group, on) is Consent.GIVEN


def count_unsaid(on: date) -> tuple[ScalarSelect[int], ScalarSelect[int]]:
    """Return how many who are in never confirmed, and how many have to confirm anew, to be read beside a group.

    Who stopped messages is asked nothing and not counted.
    """
    of_group = select(func.count()).where(
        Participant.group_id == Group.id, Participant.waiting == 0, Participant.state != MailState.STOPPED
    )
    asked, stale = of_group.where(Participant.consent_round == 0), of_group.where(_is_stale(on))
    return asked.correlate(Group).scalar_subquery(), stale.correlate(Group).scalar_subquery()


def _is_stale(on: date) -> ColumnElement[bool]:
    grace_over: Any = or_(Group.consent_since_on.is_(None), Group.consent_since_on <= on - GRACE)
    oldest = case((grace_over, Group.consent_round), else_=Group.consent_round - 1)
    return and_(Participant.consent_round > 0, Participant.consent_round < oldest)
