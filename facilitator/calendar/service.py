"""Reads the sessions of a facilitator's groups over some months, and what there is to know about each day.

It reads and never writes. Participants do not occur in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.calendar.rules import Span, find_overlaps, step_month
from facilitator.groups.models import Group
from facilitator.groups.service import list_own
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.planning.public_holidays import public_holidays
from facilitator.planning.queries import upcoming
from facilitator.planning.rules_notes import SENSITIVE_DAYS, Note, NoteCode
from facilitator.times import Direction, clock_changes, get_zone, zone_city

DAY = timedelta(days=1)
MARGIN = timedelta(days=2)  # a date is not the same day everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A session beside its group, with the others of this facilitator that take place at the same time."""

    session: GroupSession
    group: Group
    clashes: tuple[tuple[GroupSession, Group], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Months:
    """What a calendar shows.

    Args:
        groups: all of the facilitator.
        by_day: the sessions of each date, on the date of their own place, in time.
        notes: what there is to know about each date.
    """

    groups: Sequence[Group]
    by_day: Mapping[date, Sequence[Entry]]
    notes: Mapping[date, Sequence[Note]]

    @property
    def clashes(self) -> list[Entry]:
        """Return the sessions that have another beside them."""
        return [entry for entries in self.by_day.values() for entry in entries if entry.clashes]


def show_months(db: Session, me: Facilitator, first: date, count: int, group_id: str = "") -> Months:
    """Return what a calendar shows of some months, in two queries.

    Sessions at the same time are found among all of a person's groups, also when one group alone is shown. Called-off
    sessions are shown and take no time.

    Args:
        db: a reading session.
        me: whose calendar it is.
        first: the first day of the first month.
        count: how many months.
        group_id: of the one group to show, or an empty string for all; an unknown one shows all.
    """
    end_on = step_month(first, count)
    from_on, until_on = first - MARGIN, end_on + MARGIN
    groups = list_own(db, me)
    found = upcoming(db, me, _midnight(from_on), _midnight(until_on))
    standing = [
        Span(id=session.id, starts_at=session.starts_at, ends_at=session.ends_at)
        for session, _group in found
        if session.status != SessionStatus.CANCELLED
    ]
    overlaps, by_id = find_overlaps(standing), {session.id: (session, group) for session, group in found}
    wanted = {group.id for group in groups if group.id == group_id} or {group.id for group in groups}
    by_day: dict[date, list[Entry]] = {}
    for session, group in found:
        if group.id in wanted and first <= session.on_date < end_on:
            clashes = tuple(by_id[str(other)] for other in overlaps.get(session.id, ()))
            by_day.setdefault(session.on_date, []).append(Entry(session=session, group=group, clashes=clashes))
    shown = [group for group in groups if group.id in wanted]
    return Months(groups=groups, by_day=by_day, notes=_list_notes(me, shown, from_on, until_on))


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time(), UTC)


def _list_notes(me: Facilitator, groups: Iterable[Group], from_on: date, until_on: date) -> dict[date, list[Note]]:
    notes: dict[date, list[Note]] = {}
    years = range(from_on.year, until_on.year + 1)
    countries = sorted({group.country for group in groups})
    zones = dict.fromkeys([me.zone, *sorted(group.zone for group in groups)])
    for each in SENSITIVE_DAYS:
        for year in years:
            note = Note(code=NoteCode.SENSITIVE, params={"name": each.name})
            notes.setdefault(date(year, each.month, each.day), []).append(note)
    named: set[tuple[date, str]] = set()
    for on, name in (pair for country in countries for pair in public_holidays(country, years).items()):
        if (on, name) not in named:
            notes.setdefault(on, []).append(Note(code=NoteCode.PUBLIC_HOLIDAY, params={"name": name}))
        named.add((on, name))
    for key in zones:
        for change in clock_changes(get_zone(key), _midnight(from_on), _midnight(until_on)):
            code = NoteCode.CLOCK_FORWARD if change.direction is Direction.FORWARD else NoteCode.CLOCK_BACK
            params = {"on": change.on, "by": change.by, "zone": key, "city": zone_city(key)}
            notes.setdefault(change.on, []).append(Note(code=code, params=params))
    return {on: found for on, found in notes.items() if from_on <= on <= until_on}
