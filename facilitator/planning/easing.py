"""Makes what is still to come of a running session gentler, by the rules that choose every other prompt.

What was used already, and what stands in the room now, is never rewritten.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from facilitator.groups.models import Group
from facilitator.planning.assigning import SHALLOWEST
from facilitator.planning.filling import Refit, open_desk, refit
from facilitator.planning.models import Assignment, GroupSession
from facilitator.planning.scene import add_pool, load_scene
from facilitator.planning.timetable import refuse_over
from facilitator.prompts.models import PromptVersion


def ease_rest(
    db: Session, session: GroupSession, done: Collection[str], now: datetime, *, require_review: bool = True
) -> Refit | None:
    """Lower by one how deep the rest of a session goes, and choose anew what is now too deep there.

    The depth that it is lowered from is the deepest of the present part and those to come, so that pressing once is
    felt. What is locked stays. Returns what changed, or None where it is at depth 1 already.

    Args:
        db: a writing session.
        session: the session that runs.
        done: its parts up to and with the present one, in order.
        now: the present instant.
        require_review: whether only reviewed prompts may be placed by themselves.

    Raises:
        Conflict: when the session is over or cancelled.
    """
    refuse_over(session, now)
    past = list(done)[:-1]
    found = select(func.max(PromptVersion.depth)).join(Assignment, Assignment.prompt_version_id == PromptVersion.id)
    deepest = db.scalar(found.where(Assignment.session_id == session.id, Assignment.segment_id.not_in(past)))
    limit = max(SHALLOWEST, (deepest or SHALLOWEST) - 1)
    if deepest is None or deepest <= SHALLOWEST:
        return None
    session.depth_limit = limit if limit < session.depth_cap else session.depth_limit
    db.flush()
    empty = _list_empty(db, session, done)
    scene = add_pool(db, load_scene(db, db.get_one(Group, session.group_id), require_review=require_review))
    changed = refit(db, open_desk(db, scene, session), done)
    _empty_again(empty)
    db.flush()
    return changed


def _list_empty(db: Session, session: GroupSession, done: Collection[str]) -> list[tuple[Assignment, object]]:
    """List the parts of the past that had nothing in them, with the rule that emptied each."""
    found = select(Assignment).where(Assignment.session_id == session.id, Assignment.segment_id.in_(done))
    vacant = found.where(Assignment.prompt_version_id.is_(None), Assignment.exercise_id.is_(None))
    return [(row, row.emptied_by) for row in db.scalars(vacant)]


def _empty_again(rows: Collection[tuple[Assignment, object]]) -> None:
    for row, emptied_by in rows:
        row.prompt_version_id, row.exercise_id, row.reasons = None, None, []
        row.emptied_by = emptied_by  # type: ignore[assignment] # as it was read
