"""What planning knows of the people of a list: whether, when and in which zone they may be written to.

Reads only; nothing it returns names anybody.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.groups.consent import consent
from facilitator.groups.models import Group, MailState, Participant
from facilitator.groups.rules_consent import Consent
from facilitator.reminders.models import Suppression, holds
from facilitator.reminders.plan import PersonFacts

MINUTE = timedelta(minutes=1)


def people_of(db: Session, group_id: str, now: datetime) -> Iterable[tuple[Participant, bool]]:
    """Yield the people of a list, and whether their address is suppressed."""
    found = db.execute(
        select(Participant, Suppression)
        .outerjoin(Suppression, Suppression.address_index == Participant.address_index)
        .where(Participant.group_id == group_id)
    )
    for person, suppression in found:
        yield person, holds(suppression, now)


def person_facts(person: Participant, group: Group, now: datetime, *, suppressed: bool) -> PersonFacts:
    """Return what planning knows of a person; who has not confirmed, or must confirm anew, or waits is not reachable."""
    word = consent(person, group, now.date())
    return PersonFacts(
        id=person.id,
        zone=person.zone or group.zone,
        quiet_from=person.quiet_from_time,
        quiet_to=person.quiet_to_time,
        reachable=not suppressed and person.waiting == 0 and word is Consent.GIVEN,
        stopped=person.state != MailState.ACTIVE,
        leads=None if person.leads is None else frozenset(lead * MINUTE for lead in person.leads),
        days=person.days,
    )
