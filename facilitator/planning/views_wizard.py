"""The wizard: path, dates, reminders, check. Nothing is stored before the last press.

All answers travel in one form, so going back, a refresh or a second tab loses nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from facilitator.curriculum.pathways import Pathway, PathwaySession
from facilitator.curriculum.rules import GroupKind, effective_cap
from facilitator.curriculum.service import SOURCE_LANGUAGE, catalogue, editions
from facilitator.errors import Conflict, Invalid
from facilitator.groups import service as groups
from facilitator.groups.models import Group
from facilitator.planning import queries
from facilitator.planning.forms import FIELDS, STEPS, SeriesAnswers, SeriesForm
from facilitator.planning.public_holidays import public_holidays
from facilitator.planning.rules import Occurrence, left_out, list_dates, occurrences, validate
from facilitator.planning.rules_notes import SENSITIVE_DAYS, NoteCode, Surroundings
from facilitator.planning.scheduling import SeriesDraft, say_problem, schedule_series
from facilitator.reminders import service as reminders
from facilitator.times import get_zone, to_local
from facilitator.web.login import me
from facilitator.web.request import db, now, settings

LONGEST_SERIES_YEARS = 4  # a series lasts two years at most, and dates left out stretch it


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDate:
    """One line of the live list: a session of the pathway on its date, or a date left out.

    Args:
        cap: how deep the pathway goes here.
        limit: how deep this session may go, as the date was lowered or not.
        holiday: why the date is left out, where it is a public holiday.
    """

    on: date
    occurrence: Occurrence | None = None
    entry: PathwaySession | None = None
    cap: int = 0
    limit: int = 0
    holiday: str = ""

    @property
    def month(self) -> date:
        """Return the first day of its month, under which a long list is grouped."""
        return self.on.replace(day=1)

    @property
    def sensitive(self) -> bool:
        """Say whether this is a hard day of the year and the session was not made gentler."""
        notes = self.occurrence.notes if self.occurrence else ()
        return self.limit == self.cap and any(note.code is NoteCode.SENSITIVE for note in notes)


def register(blueprint: Blueprint) -> None:
    """Add the wizard's routes."""
    blueprint.get("/series/new")(start_series)
    blueprint.get("/groups/<group_id>/plan")(plan_series)
    blueprint.post("/groups/<group_id>/plan")(step_series)


def start_series() -> ResponseReturnValue:
    """Ask which group the new series is for; with one group go straight on."""
    mine = groups.list_own(db(), me())
    if len(mine) == 1:
        return redirect(url_for("planning.plan_series", group_id=mine[0].id), 303)
    return render_template("planning/start_series.html", nav="series", groups=mine)


def plan_series(group_id: str) -> ResponseReturnValue:
    """Show the first step."""
    group = groups.get_group(db(), me(), group_id)
    pathways = _pathways(group)
    today = to_local(now(), get_zone(group.zone)).date()
    form = SeriesForm.begin(group, pathways, today, reminders.list_rules(db(), group))
    return _show(group, form, pathways, STEPS[0])


def step_series(group_id: str) -> ResponseReturnValue:
    """Take one step of the wizard: forward, back, another look at the dates, or create."""
    group = groups.get_group(db(), me(), group_id)
    pathways = _pathways(group)
    form = SeriesForm().offer(group, pathways, reminders.list_rules(db(), group))
    form.press(*(request.form.get(name, "")[:40] for name in ("leave", "meet", "lower")))
    wanted = _wanted_step()
    try:
        if wanted != STEPS[0]:
            _refuse_problems(form.answers(pathways))
        if request.form.get("do") == "create":
            return _create(group, form.answers(pathways))
    except (Invalid, Conflict) as problem:
        form.say(_beside(problem))
        return _show(group, form, pathways, _step_of(_beside(problem))), 422
    return _show(group, form, pathways, wanted)


def _pathways(group: Group) -> tuple[Pathway, ...]:
    language = group.language if group.language in editions() else SOURCE_LANGUAGE
    return tuple(pathway for pathway in catalogue(language).pathways if pathway.group_kind == group.kind)


def _wanted_step() -> str:
    step, action = request.form.get("step", ""), request.form.get("do", "")
    at = STEPS.index(step) if step in STEPS else 0
    by = {"next": 1, "back": -1}.get(action, 0)
    return action if action in STEPS else STEPS[min(max(at + by, 0), len(STEPS) - 1)]


def _beside(problem: Invalid | Conflict) -> Invalid:
    """Return a problem with the field that it is shown beside; a clash with another session is one of time."""
    if isinstance(problem, Conflict):
        return Invalid(problem.message, "start_time")
    return Invalid(problem.message, {"first_on": "day", "leads": "second_lead"}.get(problem.field, problem.field))


def _step_of(problem: Invalid) -> str:
    return next((step for step in STEPS if problem.field in FIELDS[step]), "dates")


def _with_holidays(group: Group, answers: SeriesAnswers) -> tuple[SeriesAnswers, dict[date, str]]:
    """Return the answers with public holidays left out, and the names of all of them."""
    year = answers.plan.first_on.year
    names = public_holidays(group.country, range(year, year + LONGEST_SERIES_YEARS))
    if not answers.leave_out_holidays:
        return answers, names
    skip_on = answers.plan.skip_on | (frozenset(names) - answers.meet_anyway)
    return replace(answers, plan=replace(answers.plan, skip_on=skip_on)), names


def _refuse_problems(answers: SeriesAnswers) -> None:
    plan = answers.plan
    for problem in validate(plan, to_local(now(), plan.zone).date()):
        raise Invalid(say_problem(problem, plan.zone), problem.field)


def _create(group: Group, answers: SeriesAnswers) -> ResponseReturnValue:
    draft = _draft(group, answers)
    series, sessions = schedule_series(db(), group, draft, now(), require_review=settings().require_clinical_review)
    reminders.change_rules(db(), group, answers.leads, now())
    db().commit()
    flash(
        ngettext(
            "%(num)s session is planned. Nothing was sent.",
            "%(num)s sessions are planned. Nothing was sent.",
            len(sessions),
        )
    )
    return redirect(url_for("groups.show_group", group_id=group.id, _anchor=f"series-{series.id}"), 303)


def _draft(group: Group, answers: SeriesAnswers) -> SeriesDraft:
    plan = _with_holidays(group, answers)[0].plan
    pathway = next(each for each in _pathways(group) if each.id == answers.pathway_id)
    lines = [_line(group, pathway, occurrence, answers) for occurrence in occurrences(plan)]
    return SeriesDraft(
        pathway_id=answers.pathway_id,
        first_on=plan.first_on,
        start_time=plan.start_time,
        zone=plan.zone.key,
        minutes=plan.minutes,
        rhythm=plan.rhythm,
        skip_on=frozenset(left_out(plan)),
        cycles=answers.cycles,
        lowered={at: line.limit for at, line in enumerate(lines, start=1) if line.limit < line.cap},
    )


def _show(group: Group, form: SeriesForm, pathways: Sequence[Pathway], step: str) -> str:
    return render_template(
        f"planning/wizard_{step}.html",
        nav="series",
        group=group,
        form=form,
        pathways=pathways,
        chosen=next((each for each in pathways if each.id == form.pathway_id.data), None),
        step=step,
        lines=_find_lines(group, form, pathways) if step in ("dates", "check") else [],
        has_errors=bool(form.errors),
        people=groups.count_participants(db(), group),
    )


def _find_lines(group: Group, form: SeriesForm, pathways: Sequence[Pathway]) -> list[PlannedDate]:
    """Return the live list, or nothing while the answers cannot be read."""
    try:
        return _list_lines(group, form.answers(pathways), pathways)
    except Invalid:
        return []


def _list_lines(group: Group, answers: SeriesAnswers, pathways: Sequence[Pathway]) -> list[PlannedDate]:
    answers, names = _with_holidays(group, answers)
    dates = list_dates(answers.plan)
    around = Surroundings(
        zones=groups.list_zones(db(), group),
        sensitive=SENSITIVE_DAYS if answers.point_out_sensitive else (),
        holidays=names,
        busy=queries.busy(db(), me(), dates[0], dates[-1] + timedelta(days=1)),
    )
    pathway = next(each for each in pathways if each.id == answers.pathway_id)
    planned = [_line(group, pathway, occurrence, answers) for occurrence in occurrences(answers.plan, around)]
    gaps = [PlannedDate(on=on, holiday=names.get(on, "")) for on in left_out(answers.plan)]
    return sorted([*planned, *gaps], key=lambda line: line.on)


def _line(group: Group, pathway: Pathway, occurrence: Occurrence, answers: SeriesAnswers) -> PlannedDate:
    entry = pathway.sessions[(occurrence.position - 1) % pathway.session_count]
    cap = effective_cap(entry.depth_cap, GroupKind(group.kind), answers.plan.minutes)
    limit = min(cap, answers.lowered.get(occurrence.on, cap))
    return PlannedDate(on=occurrence.on, occurrence=occurrence, entry=entry, cap=cap, limit=limit)
