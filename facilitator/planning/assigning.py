"""What a facilitator does to the plan of one session: choose again, swap, lock, go gentler, write their own.

The hard rules hold for people as for the automatic choice: they may lower a limit and never raise it above the
pathway's. Other sessions are never rewritten; what no longer fits them is told by their checks.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.groups.models import Group
from facilitator.planning.agenda import get_segment
from facilitator.planning.filling import Desk, Refit, choose_again, is_silent, open_desk, refit, store_reasons
from facilitator.planning.models import Assignment, GroupSession
from facilitator.planning.scene import Scene, add_pool, load_scene
from facilitator.planning.timetable import refuse_over
from facilitator.prompts import rules
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.queries import CARD_COLUMNS, PromptItem, read_card
from facilitator.prompts.rules_agenda import exercise_refusals
from facilitator.prompts.rules_cards import PromptCard, PromptPool, Slot
from facilitator.prompts.rules_draft import PromptDraft, draft_card, validate_draft
from facilitator.prompts.rules_fit import refusals
from facilitator.prompts.rules_reasons import Refusal
from facilitator.prompts.service import write_own
from facilitator.prompts.wording import name_rule, say

SHALLOWEST = 1


class Refused(Conflict):
    """Say which hard rules refuse; the sentence is that of the first.

    Args:
        found: every refusal, for pages in other languages.
    """

    def __init__(self, found: tuple[Refusal, ...]) -> None:
        first = found[0]
        super().__init__(f"{name_rule(first.rule)}: {say(first.code, first.params)}")
        self.refusals = found


def regenerate(db: Session, session: GroupSession, now: datetime, *, require_review: bool = True) -> None:
    """Choose anew for every slot that is not locked; the same series and attempt always give the same plan.

    Raises:
        Conflict: when the session is over or cancelled.
    """
    refuse_over(session, now)
    session.attempt += 1
    desk = _desk(db, session, require_review=require_review)
    choose_again(db, desk, desk.locked())


def swap(  # noqa: PLR0917 - a use case names its inputs
    db: Session,
    me: Facilitator,
    session: GroupSession,
    segment_id: str,
    version_id: str,
    now: datetime,
    *,
    require_review: bool = True,
) -> Assignment:
    """Put another prompt into a slot, only one that the rules allow. A person's own may be unreviewed.

    Raises:
        NotFound: when the slot or the prompt is not there for this person.
        Refused: naming the rule that refuses.
        Conflict: when the slot is locked, or the session is over or cancelled.
    """
    refuse_over(session, now)
    desk = _desk(db, session, require_review=require_review)
    row = _open_row(db, desk, segment_id)
    slot = _slot(desk, segment_id)
    card = _get_card(db, me, version_id)
    found = refusals(card, slot, desk.facts, desk.history, desk.arrangement)
    if found:
        raise Refused(found)
    ranked = rules.alternatives(slot, desk.facts, PromptPool([card]), desk.history, desk.arrangement)
    row.prompt_version_id, row.exercise_id, row.emptied_by = card.version_id, None, None
    row.reasons = store_reasons(ranked[0].reasons) if ranked else row.reasons
    db.flush()
    return row


def swap_exercise(db: Session, session: GroupSession, segment_id: str, exercise_id: str, now: datetime) -> Assignment:
    """Put another exercise into a grounding.

    Raises:
        NotFound: when the slot is not one of this session, or there is no such exercise.
        Refused: naming the rule that refuses.
        Conflict: when the slot is locked, or the session is over or cancelled.
    """
    refuse_over(session, now)
    desk = _desk(db, session, require_review=True)
    row = _open_row(db, desk, segment_id)
    card = next((each for each in desk.scene.exercises if each.exercise_id == exercise_id), None)
    if card is None:
        raise NotFound
    found = exercise_refusals(card, _slot(desk, segment_id), desk.history, desk.arrangement)
    if found:
        raise Refused(found)
    row.prompt_version_id, row.emptied_by, row.reasons = None, None, []
    row.exercise_id, row.exercise_version = card.exercise_id, card.version
    db.flush()
    return row


def use_own(  # noqa: PLR0917 - a use case names its inputs
    db: Session,
    me: Facilitator,
    session: GroupSession,
    segment_id: str,
    draft: PromptDraft,
    now: datetime,
    *,
    require_review: bool = True,
) -> PromptItem:
    """Write a prompt of one's own, put it into a slot and lock it there, under the badge "not reviewed".

    When `check_own` refuses it nothing is kept.

    Raises:
        NotFound: when the slot is not one of this session.
        Invalid: when a value of the draft cannot be kept.
        Refused: naming the rule that refuses.
        Conflict: when the slot is locked, or the session is over or cancelled.
    """
    row = check_own(db, session, segment_id, draft, now, require_review=require_review)
    item = write_own(db, me, draft)
    row.prompt_version_id, row.exercise_id, row.emptied_by = item.version.id, None, None
    row.locked, row.reasons = True, []
    db.flush()
    return item


def check_own(
    db: Session,
    session: GroupSession,
    segment_id: str,
    draft: PromptDraft,
    now: datetime,
    *,
    require_review: bool = True,
) -> Assignment:
    """Return the row that a prompt of one's own may go into; nothing is written.

    Looking the wording over and saving it both ask here, so one never passes what the other refuses. Every hard rule
    but the review holds for it too.

    Raises:
        NotFound: when the slot is not one of this session.
        Invalid: when a value of the draft cannot be kept.
        Refused: naming the rule that refuses.
        Conflict: when the slot is locked, or the session is over or cancelled.
    """
    refuse_over(session, now)
    row = _row(db, session, segment_id)
    _refuse_locked(row)
    desk = _desk(db, session, require_review=require_review)
    card = draft_card(validate_draft(draft))
    found = refusals(card, _slot(desk, segment_id), desk.facts, desk.history, desk.arrangement)
    if found:
        raise Refused(found)
    return row


def set_locked(db: Session, session: GroupSession, segment_id: str, *, locked: bool) -> None:
    """Lock what stands in a slot, or unlock it; unlocking a silent minute leaves the slot empty until chosen again.

    Raises:
        NotFound: when the slot is not one of this session.
    """
    row = _row(db, session, segment_id)
    row.locked = locked
    db.flush()


def empty_slot(db: Session, session: GroupSession, segment_id: str, now: datetime) -> None:
    """Make a slot a silent minute: empty, and locked so that nothing is put into it.

    Raises:
        NotFound: when the slot is not one of this session.
        Conflict: when it is a grounding, or the session is over or cancelled.
    """
    refuse_over(session, now)
    row = _row(db, session, segment_id)
    if not get_segment(db, session, segment_id).phase:
        raise Conflict("A grounding stays at both ends of the session. Choose another exercise instead.")
    row.prompt_version_id, row.emptied_by, row.reasons, row.locked = None, None, [], True
    db.flush()


def lower_depth(db: Session, session: GroupSession, limit: int, now: datetime, *, require_review: bool = True) -> Refit:
    """Set how deep a session may go, never above its pathway; what is now too deep and not locked is chosen anew.

    Going back up to the pathway's limit changes no prompt. Sessions after it are not rewritten: their checks say
    where depth would now rise by more than one (H5). Returns what changed and what stayed although it is too deep.

    Raises:
        Invalid: when the limit is below 1 or above the pathway's.
        Conflict: when the session is over or cancelled.
    """
    refuse_over(session, now)
    if not SHALLOWEST <= limit <= session.depth_cap:
        raise Invalid(
            "Choose a depth from {least} to {deepest}. Trust grows with time, so session {number} goes no deeper.",
            field="limit",
            least=SHALLOWEST,
            deepest=session.depth_cap,
            number=session.position,
        )
    session.depth_limit = limit if limit < session.depth_cap else None
    db.flush()
    return refit(db, _desk(db, session, require_review=require_review))


def set_evening(
    db: Session, session: GroupSession, now: datetime, *, lone: bool, newcomers: bool, require_review: bool = True
) -> Refit:
    """Say whether one facilitator is alone and whether newcomers are expected; what no longer fits is chosen anew.

    Raises:
        Conflict: when the session is over or cancelled.
    """
    refuse_over(session, now)
    session.lone, session.newcomers = lone, newcomers
    db.flush()
    return refit(db, _desk(db, session, require_review=require_review))


def _desk(db: Session, session: GroupSession, *, require_review: bool) -> Desk:
    scene: Scene = load_scene(db, db.get_one(Group, session.group_id), require_review=require_review)
    return open_desk(db, add_pool(db, scene), session)


def _slot(desk: Desk, segment_id: str) -> Slot:
    found = next((slot for slot in desk.all_slots if slot.slot_id == segment_id), None)
    if found is None:
        raise NotFound
    return found


def _row(db: Session, session: GroupSession, segment_id: str) -> Assignment:
    row = db.get(Assignment, segment_id)
    if row is None or row.session_id != session.id:
        raise NotFound
    return row


def _open_row(db: Session, desk: Desk, segment_id: str) -> Assignment:
    row = _row(db, desk.session, segment_id)
    _refuse_locked(row)
    row.locked = False
    return row


def _refuse_locked(row: Assignment) -> None:
    if row.locked and not is_silent(row):
        raise Conflict("This part is locked. Unlock it first.")


def _get_card(db: Session, me: Facilitator, version_id: str) -> PromptCard:
    visible = Prompt.shared | (Prompt.owner_id == me.id)
    found = select(*CARD_COLUMNS).join(Prompt, Prompt.id == PromptVersion.prompt_id)
    row = db.execute(found.where(PromptVersion.id == version_id, visible)).one_or_none()
    if row is None:
        raise NotFound
    return read_card(row, [me.id])
