"""What to know about new dates of a series that stands, before it is changed: the same notes that planning a series has.

Notes advise; what cannot be is refused where the change is planned. It reads what lies around and writes nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.groups import service as groups
from facilitator.groups.models import Group
from facilitator.planning import queries
from facilitator.planning.drafting import Warned
from facilitator.planning.models import GroupSession
from facilitator.planning.moving import list_line
from facilitator.planning.public_holidays import public_holidays
from facilitator.planning.rules_notes import Note, NoteCode, Surroundings, list_notes, order_notes
from facilitator.planning.rules_slots import Slot, slot_at
from facilitator.planning.timetable import Move
from facilitator.times import get_zone

DAY = timedelta(days=1)

Line = Mapping[int, Slot]
"""When the sessions of one series are, by the number that people count them by."""


def line_after(
    sessions: Sequence[GroupSession], session: GroupSession, moves: Collection[Move] = ()
) -> dict[int, Slot]:
    """Return the line of a session's series as it stands once some of it has moved; sessions called off are not in it."""
    slots = {move.session.id: move.slot for move in moves}
    return {each.position: slots.get(each.id) or present_slot(each) for each in list_line(sessions, session)}


def present_slot(session: GroupSession) -> Slot:
    """Return the slot that a session has now."""
    return slot_at(session.on_date, session.start_time, get_zone(session.zone), session.minutes)


def look_ahead(
    db: Session, me: Facilitator, group: Group, *, line: Line, changed: Collection[int], zone: ZoneInfo
) -> list[Warned]:
    """Return what to know about the changed sessions of a line, each matter once with its dates, in two queries.

    Args:
        db: the open session.
        me: whose other groups may meet at the same time.
        group: whose people, holidays and own dates count.
        line: the whole series as it would be.
        changed: the numbers of the sessions that get another date.
        zone: the zone of those dates.
    """
    if not changed:
        return []
    numbers = sorted(line, key=lambda number: line[number].starts_at)
    notes = list_notes([line[number] for number in numbers], zone, _surroundings(db, me, group, line, changed))
    order = order_notes(numbers)
    found: dict[tuple[object, ...], Warned] = {}
    for number, of_date in zip(numbers, notes, strict=True):
        for note in (*order[number], *of_date) if number in changed else ():
            if _tells(note):
                found.setdefault(_matter(note), Warned(note=note)).dates.append(line[number].on)
    return list(found.values())


def _surroundings(db: Session, me: Facilitator, group: Group, line: Line, changed: Collection[int]) -> Surroundings:
    dates = [line[number].on for number in changed]
    return Surroundings(
        zones=groups.list_zones(db, group),
        holidays=public_holidays(group.country, {on.year for on in dates}),
        busy=queries.busy(db, me, min(dates), max(dates) + DAY, besides=group),
    )


def _matter(note: Note) -> tuple[object, ...]:
    """Return what makes two notes one: the same clash on many dates is said once."""
    params = {"label": note.params["label"]} if note.code is NoteCode.OVERLAP else note.params
    return note.code, repr(params)


def _tells(note: Note) -> bool:
    """Say whether a note says more than that the time of day was changed, which the person has just done."""
    return note.code is not NoteCode.FAR_CLOCK or bool(note.params["changes"])
