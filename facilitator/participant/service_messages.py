"""What a person may change about the messages that reach them, behind a link of their own.

Nothing here says of whom the settings are, and nothing here knows who came. The caller brings the messages of the group
up to date afterwards.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy.orm import Session

from facilitator.errors import Invalid, NotFound
from facilitator.groups import people
from facilitator.groups.models import Group, MailState, Participant
from facilitator.participant.service import Help, get_help
from facilitator.reminders.service import list_rules

WISHES = {"pause": MailState.PAUSED, "stop": MailState.STOPPED, "resume": MailState.ACTIVE}
MINUTE = timedelta(minutes=1)


def get_person(db: Session, token: str) -> Participant:
    """Return the participant whose message settings a link opens.

    Raises:
        NotFound: when the link is unknown or was renewed.
    """
    person = people.find_participant_by_settings_token(db, token)
    if person is None:
        raise NotFound
    return person


def list_leads(db: Session, group: Group) -> Sequence[int]:
    """Return how many minutes before a meeting the reminders of a group go out, the earliest first."""
    return sorted((lead // MINUTE for lead in list_rules(db, group)), reverse=True)


def change_state(db: Session, person: Participant, wish: str) -> None:
    """Pause, stop or resume a person's messages; what waits to go out is judged by it at the last moment.

    Raises:
        Invalid: when the wish is none of the three.
    """
    if wish not in WISHES:
        raise Invalid("Choose pause, stop or start again.", field="do")
    people.change_state(db, person, WISHES[wish])


def language_of(person: Participant, group: Group) -> str:
    """Return the language in which a person reads messages and the pages behind their own link."""
    return person.language or group.language


def get_help_of(db: Session, person: Participant, on: date) -> Help:
    """Return the help block for a person as of a day, in the language of the messages they get."""
    group = get_group_of(db, person)
    return get_help(db, language_of(person, group), on, group.country)


def get_group_of(db: Session, person: Participant) -> Group:
    """Return the group on whose list a person is."""
    return db.get_one(Group, person.group_id)
