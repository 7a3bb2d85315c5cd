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
from facilitator.curriculum.rules import GroupKind, path_cap
from facilitator.curriculum.service import catalogue
from facilitator.errors import Invalid
from facilitator.groups import service as groups
from facilitator.groups.models import Group
from facilitator.planning import queries
from facilitator.planning.forms import DATE_FIELDS, SeriesAnswers, SeriesForm
from facilitator.planning.public_holidays import public_holidays
from facilitator.planning.rules import Occurrence, left_out, list_dates, occurrences, validate
from facilitator.planning.rules_notes import SENSITIVE_DAYS, Surroundings
from facilitator.planning.scheduling import SeriesDraft, say_problem, schedule_series
from facilitator.reminders import service as reminders
from facilitator.times import get_zone, to_local
from facilitator.web.login import me
from facilitator.web.request import db, now, settings

STEPS = ("path", "dates", "reminders", "check")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDate:
    """One line of the live list: a session of the pathway on its date, or a date left out."""

    on: date
    occurrence: Occurrence | None = None
    entry: PathwaySession | None = None
    cap: int = 0
    limit: int = 0
    holiday: str = ""


def register(blueprint: Blueprint) -> None:
    """Add the wizard's routes."""
    blueprint.get("/series/new")(start_series)
    blueprint.get("/groups/<group_id>/plan")(plan_series)
    blueprint.post("/groups/<group_id>/plan")(step_series)


def start_series() -> ResponseReturnValue:
    """Show which group the new series is for; with one group go straight on."""
    mine = groups.list_groups(db(), me(), now())
    if len(mine) == 1:
        return redirect(url_for("planning.plan_series", group_id=mine[0].group.id), 303)
    return render_template("planning/start_series.html", nav="series", groups=mine)


def plan_series(group_id: str) -> ResponseReturnValue:
    """Show the first step."""
    group = groups.get_group(db(), me(), group_id)
    pathways = _pathways(group)
    today = to_local(now(), get_zone(group.zone)).date()
    form = SeriesForm.begin(group, pathways, today, reminders.list_rules(db(), group))
    return _show(group, form, pathways, "path")


def step_series(group_id: str) -> ResponseReturnValue:
    """Take one step of the wizard: forward, back, another look at the dates, or create."""
    group = groups.get_group(db(), me(), group_id)
    pathways = _pathways(group)
    form = SeriesForm().offer(pathways)
    form.press(*(request.form.get(name, "") for name in ("leave", "meet", "lower")))
    step, action = request.form.get("step", "path"), request.form.get("do", "next")
    step = step if step in STEPS else "path"
    try:
        answers = form.answers(pathways)
        if step != "path" or action == "create":
            _refuse_problems(answers)
        if action == "create" and form.validate():
            return _create(group, answers)
    except Invalid as problem:
        form.say(problem)
        return _show(group, form, pathways, _step_of(problem, step)), 422
    return _show(group, form, pathways, _next_step(step, action))


def _pathways(group: Group) -> tuple[Pathway, ...]:
    return tuple(p for p in catalogue(group.language).pathways if p.group_kind == group.kind)


def _next_step(step: str, action: str) -> str:
    at = STEPS.index(step)
    if action == "next":
        return STEPS[min(at + 1, len(STEPS) - 1)]
    return STEPS[max(at - 1, 0)] if action == "back" else action if action in STEPS else step


def _step_of(problem: Invalid, step: str) -> str:
    if problem.field == "pathway_id":
        return "path"
    return "dates" if step in ("path", "dates") or problem.field in DATE_FIELDS else step


def _with_holidays(group: Group, answers: SeriesAnswers) -> tuple[SeriesAnswers, dict[date, str]]:
    """Return the answers with public holidays left out, and the names of all of them."""
    year = answers.plan.first_on.year
    names = public_holidays(group.country, range(year, year + 4))
    if not answers.leave_out_holidays:
        return answers, names
    skip_on = answers.plan.skip_on | (frozenset(names) - answers.meet_anyway)
    return replace(answers, plan=replace(answers.plan, skip_on=skip_on)), names


def _refuse_problems(answers: SeriesAnswers) -> None:
    today = to_local(now(), answers.plan.zone).date()
    for problem in validate(answers.plan, today):
        raise Invalid(say_problem(problem, answers.plan.zone), "day" if problem.field == "first_on" else problem.field)


def _create(group: Group, answers: SeriesAnswers) -> ResponseReturnValue:
    answers, _names = _with_holidays(group, answers)
    draft = SeriesDraft(
        pathway_id=answers.pathway_id,
        first_on=answers.plan.first_on,
        start_time=answers.plan.start_time,
        zone=answers.plan.zone.key,
        minutes=answers.plan.minutes,
        rhythm=answers.plan.rhythm,
        skip_on=answers.plan.skip_on & set(left_out(answers.plan)),
        cycles=answers.cycles,
        lowered=answers.lowered,
    )
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


def _show(group: Group, form: SeriesForm, pathways: Sequence[Pathway], step: str) -> str:
    lines: list[PlannedDate] = []
    if step in ("dates", "check") and not form.errors:
        lines = _list_dates(group, form.answers(pathways))
    return render_template(
        f"planning/wizard_{step}.html",
        nav="series",
        group=group,
        form=form,
        pathways=pathways,
        chosen=next((p for p in pathways if p.id == form.pathway_id.data), None),
        step=step,
        steps=STEPS,
        lines=lines,
        has_errors=bool(form.errors),
        people=groups.count_participants(db(), group),
    )


def _list_dates(group: Group, answers: SeriesAnswers) -> list[PlannedDate]:
    answers, names = _with_holidays(group, answers)
    dates = list_dates(answers.plan)
    after = dates[-1] + timedelta(days=1)
    around = Surroundings(
        zones=groups.list_zones(db(), group),
        sensitive=SENSITIVE_DAYS if answers.point_out_sensitive else (),
        holidays=names,
        busy=queries.busy(db(), me(), answers.plan.first_on, after),
    )
    pathway = catalogue(group.language).pathway(answers.pathway_id)
    planned = [_line(group, pathway, occurrence, answers) for occurrence in occurrences(answers.plan, around)]
    gaps = [PlannedDate(on=on, holiday=names.get(on, "")) for on in left_out(answers.plan)]
    return sorted([*planned, *gaps], key=lambda line: line.on)


def _line(group: Group, pathway: Pathway, occurrence: Occurrence, answers: SeriesAnswers) -> PlannedDate:
    entry = pathway.sessions[(occurrence.position - 1) % pathway.session_count]
    cap = path_cap(entry.position, pathway.session_count, GroupKind(group.kind), answers.plan.minutes)
    limit = min(cap, answers.lowered.get(occurrence.position, cap))
    return PlannedDate(on=occurrence.on, occurrence=occurrence, entry=entry, cap=cap, limit=limit)
