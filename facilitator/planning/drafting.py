"""A series before it is scheduled: what the wizard was told, date by date, and what stands in the way.

It reads what lies around the dates and writes nothing; the last press does, through `scheduling`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.pathways import Pathway, PathwaySession
from facilitator.curriculum.rules import GroupKind, effective_cap
from facilitator.groups.models import Group
from facilitator.planning import queries
from facilitator.planning.models import GroupSession
from facilitator.planning.public_holidays import public_holidays
from facilitator.planning.rules import LONGEST_SPAN, DatePlan, Occurrence, left_out, list_dates, occurrences
from facilitator.planning.rules_notes import SENSITIVE_DAYS, Note, NoteCode, Surroundings
from facilitator.planning.scheduling import SeriesDraft, check_dates, check_length
from facilitator.planning.timetable import find_clash, refuse_overlaps

LONGEST_SERIES_YEARS = 4  # a series lasts two years at most, and dates left out stretch it


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesAnswers:
    """What the wizard was told.

    Args:
        plan: the dates, with those left out by hand; the count is the pathway's, times the cycles.
        cycles: how often an open cycle runs.
        meet_anyway: public holidays that are kept although others are left out.
        lowered: a lower depth limit by date, as the reason for it lies in the date.
        leads: the reminders of the group, the earliest first.
        seed: names this plan, so that the same one is not scheduled twice.
    """

    pathway: Pathway
    plan: DatePlan
    cycles: int
    meet_anyway: frozenset[date]
    leave_out_holidays: bool
    point_out_sensitive: bool
    lowered: dict[date, int]
    leads: tuple[timedelta, ...]
    seed: str


class Refused(StrEnum):
    """Why no session can be on a date."""

    PAST = "past"
    MISSING = "missing"  # the clocks skip this time
    MEETS = "meets"  # the group itself meets then
    TOO_LATE = "too_late"  # a series lasts two years at most


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDate:
    """One line of the live list: a session of the pathway on its date, or a date left out.

    Args:
        cap: how deep the pathway goes here.
        limit: how deep this session may go, as the date was lowered or not.
        holiday: why the date is left out, where it is a public holiday.
        refused: why it cannot be scheduled, or None.
    """

    on: date
    occurrence: Occurrence | None = None
    entry: PathwaySession | None = None
    cap: int = 0
    limit: int = 0
    holiday: str = ""
    refused: Refused | None = None

    @property
    def month(self) -> date:
        """Return the first day of its month, under which a long list is grouped."""
        return self.on.replace(day=1)

    @property
    def notes(self) -> tuple[Note, ...]:
        """Return what is said about the date beside why it is refused."""
        found = self.occurrence.notes if self.occurrence else ()
        return tuple(note for note in found if note.code is not NoteCode.START_MISSING)

    @property
    def sensitive(self) -> bool:
        """Say whether this is a hard day of the year and the session was not made gentler."""
        return self.limit == self.cap and any(note.code is NoteCode.SENSITIVE for note in self.notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """One thing to know before scheduling, and the dates that it is about."""

    note: Note
    dates: list[date] = field(default_factory=list)


def draft_series(group: Group, answers: SeriesAnswers) -> SeriesDraft:
    """Return the series that the answers ask for."""
    plan = _without_holidays(group, answers)[0]
    lines = [_line(group, answers, occurrence) for occurrence in occurrences(plan)]
    return SeriesDraft(
        pathway_id=answers.pathway.id,
        first_on=plan.first_on,
        start_time=plan.start_time,
        zone=plan.zone.key,
        minutes=plan.minutes,
        rhythm=plan.rhythm,
        skip_on=frozenset(left_out(plan)),
        cycles=answers.cycles,
        lowered={at: line.limit for at, line in enumerate(lines, start=1) if line.limit < line.cap},
        seed=answers.seed,
    )


def refuse_draft(group: Group, answers: SeriesAnswers, own: Sequence[GroupSession], now: datetime) -> None:
    """Refuse what scheduling would refuse, before anybody gets that far; `own` are the sessions of the group.

    Raises:
        Invalid: for the first thing that cannot stand, with its field.
        Conflict: when the group already meets at one of the times, naming it.
    """
    plan = _without_holidays(group, answers)[0]
    check_length(answers.pathway, plan.minutes)
    found = check_dates(plan, now)
    refuse_overlaps(own, {str(at.position): at for at in found})


def list_lines(
    db: Session,
    me: Facilitator,
    group: Group,
    answers: SeriesAnswers,
    *,
    own: Sequence[GroupSession],
    zones: frozenset[ZoneInfo],
    now: datetime,
) -> list[PlannedDate]:
    """Return every date of the plan and every date left out, in order, with what to know about each.

    Args:
        db: the open session.
        me: whose other groups may meet at the same time.
        group: whose holidays count.
        answers: what the wizard was told.
        own: the sessions of the group.
        zones: where its people live.
        now: the present instant.
    """
    plan, names = _without_holidays(group, answers)
    dates = list_dates(plan)
    around = Surroundings(
        zones=zones,
        sensitive=SENSITIVE_DAYS if answers.point_out_sensitive else (),
        holidays=names,
        busy=queries.busy(db, me, dates[0], dates[-1] + timedelta(days=1), besides=group),
    )
    planned = [
        replace(_line(group, answers, at), refused=_find_refusal(plan, at, own, now))
        for at in occurrences(plan, around)
    ]
    gaps = [PlannedDate(on=on, holiday=names.get(on, "")) for on in left_out(plan)]
    return sorted([*planned, *gaps], key=lambda line: line.on)


def gather_warnings(lines: Iterable[PlannedDate]) -> list[Warned]:
    """Return what to know before scheduling; the same clash on many dates is one warning.

    A hard day of the year that was made gentler is settled, and one that was not is counted by itself.
    """
    found: dict[tuple[object, ...], Warned] = {}
    for line in lines:
        for note in line.notes:
            if note.code is not NoteCode.SENSITIVE:
                named = note.params["label"] if note.code is NoteCode.OVERLAP else line.on
                found.setdefault((note.code, named), Warned(note=note)).dates.append(line.on)
    return list(found.values())


def _without_holidays(group: Group, answers: SeriesAnswers) -> tuple[DatePlan, Mapping[date, str]]:
    """Return the dates with public holidays left out, and the names of all of them."""
    year = answers.plan.first_on.year
    names = public_holidays(group.country, range(year, year + LONGEST_SERIES_YEARS))
    if not answers.leave_out_holidays:
        return answers.plan, names
    skip_on = answers.plan.skip_on | (frozenset(names) - answers.meet_anyway)
    return replace(answers.plan, skip_on=skip_on), names


def _line(group: Group, answers: SeriesAnswers, at: Occurrence) -> PlannedDate:
    pathway = answers.pathway
    entry = pathway.sessions[(at.position - 1) % pathway.session_count]
    cap = effective_cap(entry.depth_cap, GroupKind(group.kind), answers.plan.minutes)
    return PlannedDate(on=at.on, occurrence=at, entry=entry, cap=cap, limit=min(cap, answers.lowered.get(at.on, cap)))


def _find_refusal(plan: DatePlan, at: Occurrence, own: Sequence[GroupSession], now: datetime) -> Refused | None:
    if any(note.code is NoteCode.START_MISSING for note in at.notes):
        return Refused.MISSING
    if at.starts_at <= now:
        return Refused.PAST
    if at.on > plan.first_on + LONGEST_SPAN:
        return Refused.TOO_LATE
    return Refused.MEETS if find_clash(own, at) else None
