"""Clinical review of the library: who may, and what a reviewer decides about the versions that were shown.

A sitting has no state of its own: its place is what still waits, less what was left for later. A role and a day are
kept, never a name.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator, Role
from facilitator.curriculum import entries
from facilitator.curriculum.editions import edition
from facilitator.curriculum.rules import EntryKind
from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.library.editing import find_hold
from facilitator.library.models import LeftForLater
from facilitator.library.pieces import Piece, list_pieces
from facilitator.prompts import service as prompts
from facilitator.prompts.models import PromptVersion
from facilitator.prompts.queries import draft_of
from facilitator.prompts.rules_lint import LintWarning, lint_prompt

REVIEWERS = frozenset({Role.REVIEWER, Role.ADMIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What approving came to.

    Args:
        approved: versions that waited until now.
        refused: versions that other words replaced meanwhile, or that were taken out of use.
    """

    approved: int
    refused: int


def may_review(me: Facilitator) -> bool:
    """Tell whether an account may review."""
    return me.role in REVIEWERS


def validate_role(role: str) -> str:
    """Return what a reviewer is, without spaces around it.

    Raises:
        Invalid: when it is empty or too long.
    """
    role = " ".join(role.split())
    if not 1 <= len(role) <= prompts.LONGEST_ROLE:
        raise Invalid("Enter the reviewer's role in 1 to {most} characters.", field="role", most=prompts.LONGEST_ROLE)
    return role


def approve_shown(db: Session, language: str, version_ids: Collection[str], role: str, on: date) -> Approval:
    """Approve exactly the versions that were shown, with the role and the day and never a name.

    A version that was replaced or taken out of use meanwhile is not approved. One that was approved meanwhile keeps
    the review that it has.

    Raises:
        Invalid: when the role is empty or too long.
    """
    role, shown = validate_role(role), set(version_ids)
    present = [piece for piece in list_pieces(db, language) if piece.row.id in shown]
    waiting = [piece.row for piece in present if not piece.is_reviewed]
    prompts.approve(db, [row.id for row in waiting if isinstance(row, PromptVersion)], role, on)
    for row in waiting:
        if not isinstance(row, PromptVersion):
            entries.approve_entry(db, row.id, role, on)
    take_up(db, shown)
    return Approval(approved=len(waiting), refused=len(shown) - len(present))


def leave_for_later(db: Session, piece: Piece) -> None:
    """Let the guide pass a version by until it is taken up again; once is enough.

    Raises:
        Conflict: when it has been reviewed meanwhile.
    """
    if piece.is_reviewed:
        raise Conflict("This entry has been reviewed already.")
    db.merge(LeftForLater(version_id=piece.row.id))
    db.flush()


def take_up(db: Session, version_ids: Collection[str]) -> None:
    """Put versions that were left for later back into the order of the guide."""
    db.execute(delete(LeftForLater).where(LeftForLater.version_id.in_(version_ids)))


def take_back(db: Session, piece: Piece) -> None:
    """Take the review of a version back; it waits again."""
    if isinstance(piece.row, PromptVersion):
        prompts.withdraw_review(db, [piece.row.id])
    else:
        entries.withdraw_entry_review(db, piece.row.id)


def take_out(db: Session, piece: Piece) -> None:
    """Take an entry out of use; what stands in a plan already stays.

    Raises:
        Conflict: when pages or groups cannot do without it.
    """
    if isinstance(piece.row, PromptVersion):
        prompts.retire(db, [piece.row.id])
    else:
        slot, language = (EntryKind(piece.row.kind), piece.slug), piece.row.language
        if find_hold(slot, edition(db, language)):
            raise Conflict("This entry cannot be taken out of use. Give it other words instead.")
        entries.retire_entry(db, slot, language)
    take_up(db, [piece.row.id])


def get_piece(pieces: Collection[Piece], version_id: str) -> Piece:
    """Return the piece of a version.

    Raises:
        NotFound: when it is not among them; other words may have replaced it.
    """
    for piece in pieces:
        if piece.row.id == version_id:
            return piece
    raise NotFound("These words are not in use any more. Newer ones may have replaced them.")


def list_hints(piece: Piece) -> tuple[LintWarning, ...]:
    """List what an author would be asked to look at again; prompts alone have such rules."""
    return lint_prompt(draft_of(piece.row)) if isinstance(piece.row, PromptVersion) else ()
