"""What became of the session before the one that papers are printed for."""

from sqlalchemy import select, update

from facilitator.planning.models import Assignment, GroupSession, Outcome, Segment, SessionStatus

BEFORE, TODAY = 1, 2  # places in the series
SAID = (Outcome.USED, Outcome.CUT_SHORT, Outcome.SKIPPED, Outcome.NOT_SAID)


def hold_last_time(stage, note=""):
    """Hold the session before: the first of its prompts was used, then one cut short, skipped, not said, and so on."""
    before = stage.session_ids[BEFORE]
    with stage.database.write() as db:
        db.execute(
            update(GroupSession).where(GroupSession.id == before).values(status=SessionStatus.DONE, next_note=note)
        )
        found = select(Assignment).join(Segment, Segment.id == Assignment.segment_id).order_by(Segment.position)
        asked = db.scalars(found.where(Assignment.session_id == before, Assignment.prompt_version_id.is_not(None)))
        for at, assignment in enumerate(asked):
            assignment.outcome = SAID[at % len(SAID)]
        db.commit()
