"""Plans a series: dates, sessions, agendas and what fills them, all written in one go; and adds one more session.

Planning sends nothing. What a date does to people, such as a clock change or a hard day, is told by the notes of
`rules.occurrences` before this is called.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.curriculum.pathways import Pathway
from facilitator.curriculum.rules import GroupKind, SessionKind
from facilitator.errors import Conflict, Invalid
from facilitator.groups.models import Group
from facilitator.planning.building import add_filled, build_session, copy_session
from facilitator.planning.models import GroupSession, Series
from facilitator.planning.rules import DatePlan, Occurrence, Problem, ProblemCode, Rhythm, occurrences, validate
from facilitator.planning.rules_shift import refuse_far
from facilitator.planning.rules_slots import Slot, moved
from facilitator.planning.scene import Scene, add_pool, load_scene
from facilitator.planning.timetable import lock_timetable, refuse_overlaps
from facilitator.times import get_zone, to_local, zone_city
from facilitator.tokens import new_id

DEPTHS = range(1, 4)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesDraft:
    """What a facilitator said about a series.

    Args:
        zone: IANA name.
        minutes: length of every session.
        cycles: how often a repeating pathway is gone through; 1 for every other.
        weekday: Monday is 0; only there to be checked against the first date.
        lowered: depth limits below the pathway's, by session number.
        seed: given again, it gives the same plan; left out, it is drawn.
    """

    pathway_id: str
    first_on: date
    start_time: time
    zone: str
    minutes: int
    rhythm: Rhythm
    skip_on: frozenset[date] = frozenset()
    cycles: int = 1
    weekday: int | None = None
    lowered: Mapping[int, int] = field(default_factory=dict)
    seed: str | None = None


def schedule_series(
    db: Session, group: Group, draft: SeriesDraft, now: datetime, *, require_review: bool = True
) -> tuple[Series, list[GroupSession]]:
    """Write a series with its sessions, agendas and prompts.

    Every session keeps its wall time and zone beside the instant, copies the group's place and link, and gets its
    own page address. Prompts are chosen session by session, each knowing what came before.

    Raises:
        Invalid: for the first thing about the draft that cannot stand, with its field.
        Conflict: when the group already meets at one of the times, naming it.
    """
    lock_timetable(db, group.id)
    scene = add_pool(db, load_scene(db, group, require_review=require_review))
    pathway = pick_pathway(scene, draft)
    found = check_dates(date_plan(draft, pathway), now)
    series = _new_series(group, draft, pathway, now)
    scene.pathways[series.id] = pathway
    sessions = []
    for at in found:
        cycle, index = divmod(at.position - 1, pathway.session_count)
        session = build_session(db, group, series, pathway.sessions[index], at)
        session.cycle = cycle
        session.depth_limit = _checked_limit(draft.lowered.get(at.position), session)
        sessions.append(session)
    refuse_overlaps(scene.sessions, {s.id: at for s, at in zip(sessions, found, strict=True)})
    db.add(series)
    add_filled(db, scene, series, sessions)
    return series, sessions


def find_scheduled(db: Session, group: Group, seed: str) -> Series | None:
    """Return the series of a group that was made from a draft with this seed, or None."""
    return db.scalars(select(Series).where(Series.group_id == group.id, Series.seed == seed).limit(1)).first()


def pick_pathway(scene: Scene, draft: SeriesDraft) -> Pathway:
    """Return the pathway of a draft.

    Raises:
        Invalid: when it is not one for this kind of group, or not written for this length.
    """
    kind = GroupKind(scene.group.kind)
    pathway = next((p for p in scene.catalogue.pathways_of(scene.facilitator_ids) if p.id == draft.pathway_id), None)
    if pathway is None or pathway.group_kind is not kind:
        raise Invalid("Choose a pathway for {kind} groups.", field="pathway_id", kind=kind)
    check_length(pathway, draft.minutes)
    if draft.cycles < 1 or (draft.cycles > 1 and not pathway.repeating):
        raise Invalid("Only an open cycle repeats. Enter 1.", field="cycles")
    return pathway


def check_length(pathway: Pathway, minutes: int) -> None:
    """Refuse sessions of a length that a pathway is not written for.

    Raises:
        Invalid: naming the lengths that it has.
    """
    if minutes not in pathway.lengths:
        allowed = ", ".join(str(each) for each in pathway.lengths)
        raise Invalid("This pathway is written for sessions of {allowed} minutes.", field="minutes", allowed=allowed)


def date_plan(draft: SeriesDraft, pathway: Pathway) -> DatePlan:
    """Return what a draft says about dates; the pathway says how many there are.

    Raises:
        Invalid: when the zone is unknown.
    """
    return DatePlan(
        first_on=draft.first_on,
        start_time=draft.start_time,
        zone=get_zone(draft.zone),
        minutes=draft.minutes,
        rhythm=draft.rhythm,
        count=pathway.session_count * draft.cycles,
        skip_on=draft.skip_on,
        weekday=draft.weekday,
    )


def check_dates(plan: DatePlan, now: datetime) -> tuple[Occurrence, ...]:
    """Return every session of a plan that can stand.

    Raises:
        Invalid: for the first thing about it that cannot, with its field.
    """
    problems = validate(plan, to_local(now, plan.zone).date())
    if problems:
        raise _refuse(problems[0], plan.zone)
    found = occurrences(plan)
    if found[0].starts_at <= now:
        raise Invalid("Choose a time that is still to come.", field="start_time")
    return found


def _refuse(problem: Problem, zone: ZoneInfo) -> Invalid:
    """Return the error for something that cannot stand about a plan."""
    params, field = dict(problem.params), problem.field
    match problem.code:
        case ProblemCode.DATE_PAST:
            return Invalid("Choose a first date that is still to come.", field)
        case ProblemCode.WEEKDAY_MISMATCH:
            there, said = (WEEKDAYS[_number(params[name])] for name in ("actual", "said"))
            return Invalid("This date is a {there}, not a {said}.", field, there=there, said=said)
        case ProblemCode.START_MISSING:
            return Invalid(
                "{start_time:%H:%M} does not exist on {day} in {city}: the clocks go forward. Choose another time, for"
                " example {becomes:%H:%M}.",
                field,
                start_time=params["time"],
                day=params["on"],
                city=zone_city(zone.key),
                becomes=params["becomes"],
            )
        case ProblemCode.BAD_MINUTES:
            return Invalid("Enter 60, 75 or 90.", field)
        case ProblemCode.BAD_COUNT:
            least, most = params["least"], params["most"]
            return Invalid("A series has {least} to {most} sessions. Plan fewer cycles.", field, least=least, most=most)
        case ProblemCode.TOO_LONG:
            last_on = params["last_on"]
            return Invalid("The last session would be on {day}. A series lasts 2 years at most.", field, day=last_on)


def _number(value: object) -> int:
    return int(str(value))


def _new_series(group: Group, draft: SeriesDraft, pathway: Pathway, now: datetime) -> Series:
    return Series(
        group_id=group.id,
        pathway_id=pathway.id,
        pathway_version=pathway.version,
        first_on=draft.first_on,
        start_time=draft.start_time,
        zone=draft.zone,
        minutes=draft.minutes,
        rhythm=draft.rhythm,
        skip_on=sorted(on.isoformat() for on in draft.skip_on),
        seed=draft.seed or new_id(),
        created_on=now.date(),
    )


def _checked_limit(limit: int | None, session: GroupSession) -> int | None:
    if limit is None or limit == session.depth_cap:
        return None
    if limit not in DEPTHS or limit > session.depth_cap:
        raise Invalid(
            "Session {number} goes to depth {deepest} at most. The limit can only be lowered.",
            field="lowered",
            number=session.position,
            deepest=session.depth_cap,
        )
    return limit


def insert_session(
    db: Session, after: GroupSession, on: date, start_time: time, now: datetime, *, require_review: bool = True
) -> GroupSession:
    """Add a session after another one and return it; the later ones count one higher.

    It goes over the same ground once more: the focus and the depth limit of the session before it, with prompts that
    hold both sides together. It is an ordinary session even after an opening one, and no other session changes.

    Raises:
        Invalid: when the time is past or too far ahead, does not exist, or does not lie between its neighbours.
        Conflict: after a closing session, or when the group already meets then.
    """
    sessions = lock_timetable(db, after.group_id)
    slot = plan_extra(db, sessions, after, datetime.combine(on, start_time), now)
    scene = add_pool(db, load_scene(db, db.get_one(Group, after.group_id), require_review=require_review))
    extra = copy_session(db, after, slot)
    for session in _later(sessions, after):
        session.position += 1
    add_filled(db, scene, db.get_one(Series, after.series_id), [extra])
    return extra


def plan_extra(
    db: Session, sessions: Sequence[GroupSession], after: GroupSession, local: datetime, now: datetime
) -> Slot:
    """Return when one more session after another one would be; nothing is written.

    Args:
        db: the open session.
        sessions: the timetable of the group.
        after: the session before it.
        local: its date and wall time, by the zone of that session.
        now: the present instant.

    Raises:
        Invalid: when the time is past or too far ahead, does not exist, or does not lie between its neighbours.
        Conflict: after a closing session, or when the group already meets then.
    """
    refuse_after_closing(after)
    slot = moved(local.date(), local.time(), get_zone(after.zone), after.minutes, now)
    _check_between(slot, after, _later(sessions, after))
    refuse_far(slot, db.get_one(Series, after.series_id).first_on, now)
    refuse_overlaps(sessions, {"": slot})
    return slot


def refuse_after_closing(after: GroupSession) -> None:
    """Refuse one more session after the closing one.

    Raises:
        Conflict: when this is the closing one.
    """
    if after.session_kind == SessionKind.LAST:
        raise Conflict("The closing session stays the last one. Add a session after an earlier one.")


def _later(sessions: Sequence[GroupSession], after: GroupSession) -> list[GroupSession]:
    return sorted(
        (each for each in sessions if each.series_id == after.series_id and each.position > after.position),
        key=lambda each: each.position,
    )


def _check_between(slot: Slot, after: GroupSession, later: Sequence[GroupSession]) -> None:
    if slot.starts_at < after.ends_at or (later and slot.ends_at > later[0].starts_at):
        day = after.on_date
        if not later:
            raise Invalid("Choose a time after {day}.", field="on", day=day)
        before = later[0].on_date
        raise Invalid("Choose a time after {day} and before {before}.", field="on", day=day, before=before)
