"""The guide of the first days: from an empty installation to a planned series and a test message that arrives.

Where each step stands is read from what there is; kept are the wish to be left alone and the day on which a test was
in its reader's hands. Nothing here sends anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from facilitator.accounts.models import Facilitator, GuideChoice
from facilitator.curriculum.catalogue import ANYWHERE
from facilitator.errors import Invalid
from facilitator.groups.models import Group, GroupFacilitator, GroupRole, Participant
from facilitator.groups.service import AnySelect
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.rules import OutboxState
from facilitator.reminders.service_proof import own_tests
from facilitator.reminders.service_trial import MOST_TESTS, PER, is_on_its_way
from facilitator.today.rules import Mark, Standing, Step, mark_steps

NOWHERE = "Etc/UTC"
LOOK_FOR = timedelta(minutes=10)  # a page that was left open does not ask for ever
SLOW = timedelta(minutes=1)  # after which people wonder where a message is


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The last test to oneself and what can be said of it.

    Args:
        test: the message, or None before the first.
        next_at: when another can be asked for, while five were within the hour.
        is_moving: whether a page is worth looking at again by itself.
        is_slow: whether it was handed over long enough ago to wonder where it is.
    """

    test: OutboxMessage | None
    next_at: datetime | None
    is_moving: bool
    is_slow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """Everything that the guide shows.

    Args:
        marks: where each step stands.
        group: the group that the next steps are about, one that they lead before one that they co-facilitate.
        is_lead: whether they lead it.
        session: the next session of their groups.
        trial: the last test, while none is known to have arrived.
    """

    marks: Mapping[Step, Mark]
    group: Group | None
    is_lead: bool
    session: GroupSession | None
    trial: Trial | None

    @property
    def done(self) -> int:
        """Return how many steps are not open any more."""
        return sum(mark is not Mark.OPEN for mark in self.marks.values())

    @property
    def next(self) -> Step | None:
        """Return the first open step."""
        return next((step for step, mark in self.marks.items() if mark is Mark.OPEN), None)


def find_guide(db: Session, me: Facilitator, groups: Sequence[Group], now: datetime) -> Guide | None:
    """Return the guide, or None once it is hidden or every step is done or left for later.

    Args:
        db: the open session.
        me: whose first days these are.
        groups: theirs, as the page has read them.
        now: the present instant.
    """
    if me.guide == GuideChoice.HIDDEN:
        return None
    rows = db.execute(_question(me, now)).all()
    led_id, has_people, has_series, is_looked_over, session, _test = rows[0]
    group = next((each for each in groups if each.id == led_id), next(iter(groups), None))
    marks = mark_steps(
        Standing(
            has_zone=me.zone != NOWHERE,
            has_group=bool(groups),
            has_country=any(each.country != ANYWHERE for each in groups),
            is_proved=me.mail_proved_on is not None,
            has_people=has_people,
            list_is_later=me.guide == GuideChoice.LIST_LATER or (bool(groups) and led_id is None),
            has_series=has_series,
            is_looked_over=is_looked_over,
        )
    )
    if Mark.OPEN not in marks.values():
        return None
    trial = None if me.mail_proved_on else weigh_tests([test for *_figures, test in rows if test is not None], now)
    return Guide(marks=marks, group=group, is_lead=led_id is not None, session=session, trial=trial)


def weigh_tests(tests: Sequence[OutboxMessage], now: datetime) -> Trial:
    """Return where the last of a person's tests stands; they come newest first."""
    test = tests[0] if tests else None
    is_full = len(tests) == MOST_TESTS and tests[-1].planned_at > now - PER
    sent_at = test.sent_at if test and test.state == OutboxState.SENT else None
    is_young = test is not None and test.planned_at > now - LOOK_FOR
    return Trial(
        test=test,
        next_at=tests[-1].planned_at + PER if is_full else None,
        is_moving=test is not None and is_young and (is_on_its_way(test) or sent_at is not None),
        is_slow=sent_at is not None and sent_at <= now - SLOW,
    )


def choose(me: Facilitator, wish: str) -> None:
    """Keep what somebody makes of the guide; showing it again asks anew about the list.

    Raises:
        Invalid: when it is none of the choices.
    """
    if wish not in set(GuideChoice):
        raise Invalid("Choose one of the buttons.")
    me.guide = GuideChoice(wish)


def _question(me: Facilitator, now: datetime) -> AnySelect:
    """Return the one query of the guide: a group that they lead, what there is of people and plans, what comes next.

    A row for each of the last tests, with the same figures in all; one row where there was none.
    """
    mine = select(GroupFacilitator.group_id).where(GroupFacilitator.facilitator_id == me.id)
    led = mine.join(Group, Group.id == GroupFacilitator.group_id).where(GroupFacilitator.role == GroupRole.LEAD)
    own, is_to_come = GroupSession.group_id.in_(mine), GroupSession.ends_at > now
    coming = select(GroupSession.id).where(own, is_to_come, GroupSession.status == SessionStatus.SCHEDULED)
    found = aliased(GroupSession)
    return (
        select(
            led.order_by(Group.created_on.desc(), Group.id).limit(1).scalar_subquery(),
            exists(select(Participant.id).where(Participant.group_id.in_(mine))),
            exists(select(GroupSession.id).where(own)),
            exists(select(GroupSession.id).where(own, GroupSession.looked_over | ~is_to_come)),
            found,
            OutboxMessage,
        )
        .select_from(Facilitator)
        .outerjoin(found, found.id == coming.order_by(GroupSession.starts_at).limit(1).scalar_subquery())
        .outerjoin(OutboxMessage, own_tests(me))
        .where(Facilitator.id == me.id)
        .order_by(OutboxMessage.id.desc())
        .limit(MOST_TESTS)
    )
