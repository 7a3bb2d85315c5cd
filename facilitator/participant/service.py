"""What a participant may see behind a link, and what they may change about the messages that reach them.

A page is the same for everybody who holds its link. Reading one writes nothing, and nothing here knows who came.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.materials import Exercise
from facilitator.curriculum.service import SOURCE_LANGUAGE, catalogue, editions
from facilitator.errors import Invalid, NotFound
from facilitator.groups.models import Group, MailState, Participant, Wording
from facilitator.groups.service import find_participant_by_settings_token
from facilitator.planning.ical import CalendarEntry
from facilitator.planning.models import Assignment, GroupSession, Segment, SessionStatus
from facilitator.planning.queries import PlannedSegment, session_plan
from facilitator.planning.service import find_session_by_page_token
from facilitator.times import get_zone, to_local
from facilitator.tokens import link_token
from facilitator.vault import vault_of

PAGE_LIVES_FOR = timedelta(hours=24)  # after the end of the session
MOST_OTHER_ZONES = 3
CALENDAR_PURPOSE = "calendar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """When a session starts and ends on the wall clocks of one zone, as naive local times."""

    zone: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPage:
    """Everything that the page of one session shows.

    Args:
        clock: in the zone of the session.
        others: the same on other clocks: the reader's when they chose one, else those of the group.
        questions: the prompts in order, empty until a facilitator released them.
        note_shown: whether content notes were released with them.
        exercise: something steadying, as planned for the opening or fit for any moment.
    """

    session: GroupSession
    group: Group
    cancelled: bool
    over: bool
    clock: Clock
    others: tuple[Clock, ...]
    questions: tuple[PlannedSegment, ...]
    note_shown: bool
    exercise: Exercise
    content: Catalogue
