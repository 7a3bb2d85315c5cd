"""Use cases of what is handed out for a session: words and files, for participants from an instant on, or for facilitators.

Who read or fetched anything is not known here and nowhere else. Bringing messages up to date afterwards is the caller's.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, undefer

from facilitator.accounts.models import Facilitator
from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.groups.models import Group
from facilitator.groups.service import only_mine
from facilitator.materials.draft import MaterialDraft
from facilitator.materials.models import Audience, Material, MaterialKind, Release
from facilitator.materials.rules import LARGEST_SESSION, MOST_DAYS_BEFORE, MOST_MATERIALS, neutral_name, released_at
from facilitator.planning.models import GroupSession, SessionStatus

LONGEST_TITLE, LONGEST_TEXT = 120, 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Handout:
    """A material as participants see it.

    Args:
        name: of the file; empty for words.
        size: of the file in bytes.
        earlier: whether it belongs to an earlier session of the series.
    """

    id: str
    title: str
    text: str
    name: str
    size: int
    earlier: bool


def add_text(db: Session, session: GroupSession, draft: MaterialDraft) -> Material:
    """Add words to read to a session, behind what is there.

    Raises:
        Invalid: when a field cannot be used.
        Conflict: when there is enough already.
    """
    values = _checked(draft, needs_text=True)
    return _add(db, session, Material(session_id=session.id, kind=MaterialKind.TEXT, **values))


def add_file(db: Session, session: GroupSession, draft: MaterialDraft, media_type: str, content: bytes) -> Material:
    """Add a file to a session, behind what is there.

    Args:
        db: a writing session.
        session: what it is for.
        draft: what is said about it.
        media_type: as `clean` says.
        content: as `clean` gives it, without what nobody sees.

    Raises:
        Invalid: when a field cannot be used, or all files of the session together would be too large.
        Conflict: when there is enough already.
    """
    values = _checked(draft, needs_text=False)
    held = db.scalar(select(func.sum(Material.size)).where(Material.session_id == session.id)) or 0
    if held + len(content) > LARGEST_SESSION:
        raise Invalid("All files of a session together can have {most} MB.", "file", most=LARGEST_SESSION // 1000000)
    return _add(
        db,
        session,
        Material(
            session_id=session.id,
            kind=MaterialKind.FILE,
            media_type=media_type,
            content=content,
            size=len(content),
            **values,
        ),
    )


def change_material(db: Session, material: Material, draft: MaterialDraft) -> None:
    """Change what is said about a material, and its words; a file itself is taken off and added anew.

    Raises:
        Invalid: when a field cannot be used.
    """
    for name, value in _checked(draft, needs_text=material.kind == MaterialKind.TEXT).items():
        setattr(material, name, value)
    db.flush()


def remove_material(db: Session, material: Material) -> None:
    """Take a material off; nothing of it stays."""
    db.delete(material)
    db.flush()


def move_up(db: Session, material: Material) -> None:
    """Let a material stand one place further up; the first stays where it is."""
    ordered = list(list_for_session(db, material.session_id))
    at = ordered.index(material)
    if at:
        ordered[at - 1 : at + 1] = reversed(ordered[at - 1 : at + 1])
    for position, each in enumerate(ordered):
        each.position = position
    db.flush()


def get_material(db: Session, me: Facilitator, material_id: str) -> tuple[Material, GroupSession, Group]:
    """Return a material of a session of one of a person's groups, without the bytes of a file.

    Raises:
        NotFound: when there is none, or it is somebody else's.
    """
    found = select(Material, GroupSession, Group).join(GroupSession, GroupSession.id == Material.session_id)
    found = found.join(Group, Group.id == GroupSession.group_id)
    row = db.execute(only_mine(found, me).where(Material.id == material_id)).one_or_none()
    if row is None:
        raise NotFound
    return row.Material, row.GroupSession, row.Group


def list_for_session(db: Session, session_id: str) -> Sequence[Material]:
    """Return everything of a session in its order, without the bytes of files."""
    found = select(Material).where(Material.session_id == session_id)
    return db.scalars(found.order_by(Material.position, Material.id)).all()


def list_for_page(db: Session, session: GroupSession, now: datetime) -> list[Handout]:
    """Return what participants may have: what was released for a session and, for who came late, for those before it.

    A cancelled session releases nothing. What belongs to this session comes first, then the others, the latest first.
    """
    found = db.execute(
        select(Material, GroupSession)
        .join(GroupSession, GroupSession.id == Material.session_id)
        .where(
            GroupSession.series_id == session.series_id,
            GroupSession.starts_at <= session.starts_at,
            GroupSession.status != SessionStatus.CANCELLED,
            Material.audience == Audience.PARTICIPANTS,
        )
        .order_by(GroupSession.starts_at.desc(), Material.position, Material.id)
    ).all()
    return [
        Handout(
            id=each.id,
            title=each.title,
            text=each.text,
            name=file_name(each) if each.kind == MaterialKind.FILE else "",
            size=each.size,
            earlier=about.id != session.id,
        )
        for each, about in found
        if release_of(each, about) <= now
    ]


def get_released_file(db: Session, session: GroupSession, material_id: str, now: datetime) -> Material:
    """Return a file with its bytes that participants may have through the page of a session.

    Raises:
        NotFound: when there is none, or it is not released.
    """
    if not any(each.id == material_id and each.name for each in list_for_page(db, session, now)):
        raise NotFound
    return get_file(db, material_id)


def get_file(db: Session, material_id: str) -> Material:
    """Return a file with its bytes; the caller has made sure that it may be had.

    Raises:
        NotFound: when it is no file.
    """
    wanted = select(Material).where(Material.id == material_id, Material.kind == MaterialKind.FILE)
    found = db.scalar(wanted.options(undefer(Material.content)))
    if found is None:
        raise NotFound
    return found


def file_name(material: Material) -> str:
    """Return the name by which a file is handed out."""
    return neutral_name(material.position + 1, material.media_type)


def release_of(material: Material, session: GroupSession) -> datetime:
    """Return from when participants may have a material."""
    return released_at(material.release, material.days_before, session.starts_at, session.ends_at, session.zone)


def erase_materials(db: Session, session_ids: Collection[str]) -> int:
    """Erase everything of these sessions; return how many materials there were."""
    gone = delete(Material).where(Material.session_id.in_(session_ids)).returning(Material.id)
    return len(db.execute(gone.execution_options(synchronize_session=False)).all())


def _add(db: Session, session: GroupSession, material: Material) -> Material:
    there = list_for_session(db, session.id)
    if len(there) >= MOST_MATERIALS:
        raise Conflict("A session can have {most} materials. Take one off first.", most=MOST_MATERIALS)
    material.position = max((each.position for each in there), default=-1) + 1
    db.add(material)
    db.flush()
    return material


def _checked(draft: MaterialDraft, *, needs_text: bool) -> dict[str, Any]:
    """Return the columns of a draft.

    Raises:
        Invalid: naming the field that cannot be used.
    """
    title, text = draft.title.strip(), draft.text.strip()
    if not title or len(title) > LONGEST_TITLE:
        raise Invalid("Enter a title of at most {most} characters.", "title", most=LONGEST_TITLE)
    if needs_text and not text:
        raise Invalid("Enter the words.", "text")
    if len(text) > LONGEST_TEXT:
        raise Invalid("Keep it to {most:,} characters.", "text", most=LONGEST_TEXT)
    if not 0 <= draft.days_before <= MOST_DAYS_BEFORE:
        raise Invalid("Enter a number of days from 0 to {most}.", "days_before", most=MOST_DAYS_BEFORE)
    for_people = draft.audience is Audience.PARTICIPANTS
    return {
        "title": title,
        "audience": draft.audience,
        "release": draft.release,
        "days_before": draft.days_before if draft.release is Release.BEFORE else 0,
        "announced": draft.announced and for_people,
        "text": text if needs_text else "",
    }
