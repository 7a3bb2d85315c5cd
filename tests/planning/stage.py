"""A stage for planning tests: people, groups and drafts as rows, with the shipped library in the database."""

from datetime import UTC, date, datetime, time

from sqlalchemy import select

from facilitator.accounts.models import Facilitator
from facilitator.groups.models import Group, GroupFacilitator
from facilitator.planning.models import Assignment, GroupSession, Segment
from facilitator.planning.offers import list_offers
from facilitator.planning.rules import Rhythm
from facilitator.planning.service import SeriesDraft, schedule_series
from facilitator.planning.session_page import session_page
from facilitator.prompts.models import PromptVersion

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FIRST_ON = date(2027, 1, 11)  # a Monday


def make_facilitator(db, name):
    facilitator = Facilitator(name=name, email_sealed=b"", email_index=name, password_hash="")
    db.add(facilitator)
    db.flush()
    return facilitator


def make_group(db, *leaders, **values):
    group = Group(
        **{"label": "Monday Circle", "kind": "closed", "capacity": 8, "zone": "Europe/Berlin", "minutes": 90, **values}
    )
    db.add(group)
    db.flush()
    db.add_all(GroupFacilitator(group_id=group.id, facilitator_id=leader.id, role="lead") for leader in leaders)
    db.flush()
    return group


def make_draft(**values):
    usual = {
        "pathway_id": "closed-8",
        "first_on": FIRST_ON,
        "start_time": time(18, 30),
        "zone": "Europe/Berlin",
        "minutes": 90,
        "rhythm": Rhythm.WEEKLY,
        "seed": "one",
    }
    return SeriesDraft(**{**usual, **values})


def make_series(db, group, *, now=NOW, require_review=False, **values):
    return schedule_series(db, group, make_draft(**values), now, require_review=require_review)


def content(db, session):
    """Return what fills a session: {segment kind: prompt id or exercise id}."""
    rows = db.execute(
        select(Segment.kind, PromptVersion.prompt_id, Assignment.exercise_id)
        .join(Assignment, Assignment.segment_id == Segment.id)
        .outerjoin(PromptVersion, PromptVersion.id == Assignment.prompt_version_id)
        .where(Segment.session_id == session.id)
        .order_by(Segment.position)
    )
    return {kind: prompt_id or exercise_id for kind, prompt_id, exercise_id in rows}


def filled_rows(db, series):
    """Return every slot of a series with what fills it."""
    return db.execute(
        select(
            GroupSession.position.label("number"),
            GroupSession.id.label("session_id"),
            GroupSession.focus,
            Segment.kind,
            Segment.position,
            Segment.minutes,
            Assignment.exercise_id,
            PromptVersion.prompt_id,
            PromptVersion.depth,
            PromptVersion.pole,
            PromptVersion.sub_bind,
            PromptVersion.format,
        )
        .select_from(Assignment)
        .join(Segment, Segment.id == Assignment.segment_id)
        .join(GroupSession, GroupSession.id == Assignment.session_id)
        .outerjoin(PromptVersion, PromptVersion.id == Assignment.prompt_version_id)
        .where(GroupSession.series_id == series.id)
        .order_by(GroupSession.position, Segment.position)
    ).all()


def segments(db, session):
    return {
        segment.kind: segment
        for segment in db.scalars(select(Segment).where(Segment.session_id == session.id).order_by(Segment.position))
    }


def assignment(db, session, kind):
    return db.get(Assignment, segments(db, session)[kind].id)


def in_order(db, series):
    return list(
        db.scalars(select(GroupSession).where(GroupSession.series_id == series.id).order_by(GroupSession.position))
    )


def list_warnings(db, session, group, *, require_review=False):
    """List what does not fit about a session, as its page says it."""
    return session_page(db, session, group, require_review=require_review).warnings


def list_fitting(db, me, session, where, *, require_review=False):
    """List what the swap page offers for a part: prompts or exercises, best first."""
    group = db.get(Group, session.group_id)
    found = list_offers(db, me, session, group, where, require_review=require_review)
    return found.prompts or found.exercises


def facts(session):
    return session.on_date, session.start_time, session.time_rev, session.ical_sequence


def days(sessions):
    """Return how many days after the usual first date each session is."""
    return [(session.on_date - FIRST_ON).days for session in sessions]


def revisions(sessions):
    return [(session.time_rev, session.ical_sequence) for session in sessions]
