"""The wizard: path, dates, reminders, check. No session is stored before the last press.

Each step is a page of its own that is only ever read. A press sends all answers, which are kept in the signed session
cookie of this browser, and leads on to the page of the next step: so Back, Forward and a refresh always show a page
with the answers as they were last sent. They hold dates and choices, and nothing of anybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.editions import edition
from facilitator.curriculum.pathways import Pathway
from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.groups import service as groups
from facilitator.groups.models import Group
from facilitator.planning.again import Again, count_cycles, find_source, propose, take_over_series
from facilitator.planning.drafting import (
    PlannedDate,
    SeriesAnswers,
    draft_series,
    gather_warnings,
    list_lines,
    refuse_draft,
)
from facilitator.planning.forms import FIELDS, STEPS, SeriesForm
from facilitator.planning.models import GroupSession, Series, SessionStatus
from facilitator.planning.public_holidays import public_holidays
from facilitator.planning.rules import Rhythm
from facilitator.planning.scheduling import find_scheduled, schedule_series
from facilitator.planning.timetable import load_timetable, lock_timetable
from facilitator.planning.wording_laying import copied_words
from facilitator.reminders import service as reminders
from facilitator.times import get_zone, to_local
from facilitator.web.login import me
from facilitator.web.request import db, now, settings

WEEK = timedelta(days=7)
PLAN = "plan"  # in the session cookie: which group is planned for, and the answers
PRESSES = ("leave", "meet", "lower")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a plan stands on: the group, the paths that fit it, its reminders and the sessions it has.

    Args:
        owners: who wrote each path that did not come with the program.
        people: how many are on its list.
        zones: where they live.
    """

    group: Group
    pathways: Sequence[Pathway]
    owners: Mapping[str, str | None]
    leads: Sequence[timedelta]
    own: Sequence[GroupSession]
    people: int
    zones: frozenset[ZoneInfo]

    def begin(self) -> SeriesForm:
        """Return the form as it is first shown; a new series follows on what is planned already."""
        today = to_local(now(), get_zone(self.group.zone)).date()
        last_on = max((each.on_date for each in self.own if each.status != SessionStatus.CANCELLED), default=today)
        return SeriesForm.begin(self.group, self.pathways, max(today, last_on) + WEEK, self.leads)

    def resume(self, kept: dict[str, Any]) -> SeriesForm:
        """Return the form with the answers that were kept."""
        return SeriesForm(data=kept).offer(self.group, self.pathways, self.leads)


def register(blueprint: Blueprint) -> None:
    """Add the wizard's routes."""
    blueprint.get("/series/new")(start_series)
    blueprint.get("/groups/<group_id>/plan", defaults={"step": STEPS[0]})(plan_series)
    blueprint.get("/groups/<group_id>/plan/<step>")(plan_series)
    blueprint.post("/groups/<group_id>/plan")(step_series)


def start_series() -> ResponseReturnValue:
    """Ask which group the new series is for, of those that a wanted path fits; with one group go straight on."""
    mine, wanted = groups.list_own(db(), me()), request.args.get("path")
    fitting = _list_fitting(mine, wanted) if wanted else mine
    if len(fitting) == 1:
        return redirect(url_for("planning.plan_series", group_id=fitting[0].id, path=wanted), 303)
    return render_template("planning/start_series.html", nav="series", groups=fitting, path=wanted, mine=mine)


def plan_series(group_id: str, step: str) -> ResponseReturnValue:
    """Show one step with the answers as they are kept; what stands in the way of it is said in its own step."""
    group = groups.get_group(db(), me(), group_id)
    if step not in STEPS:
        raise NotFound
    kept = _find_kept(group)
    done = find_scheduled(db(), group, kept["seed"]) if kept else None
    if done and step != STEPS[0]:
        return _lead_to(group, done, _("These sessions are planned already. Nothing was planned twice."))
    if kept is None and step != STEPS[0]:
        return _lead_on(group, STEPS[0])
    ground = _read_ground(group)
    again = find_source(db(), me(), request.args.get("source", "")) if step == STEPS[0] else None
    form = ground.begin() if kept is None or done or again else ground.resume(kept)
    if again:
        form.propose(_propose(again, form))
    if step == STEPS[0] and request.args.get("path") in {each.id for each in ground.pathways}:
        form.pathway_id.data = request.args["path"]
    return _show(ground, form, step)


def step_series(group_id: str) -> ResponseReturnValue:
    """Keep the answers and lead on: a step forward or back, another look at the dates, anew, or schedule."""
    group = groups.get_group(db(), me(), group_id)
    if request.form.get("do") == "anew":
        session.pop(PLAN, None)
        return _lead_on(group, STEPS[0])
    ground = _read_ground(group)
    form = SeriesForm().offer(group, ground.pathways, ground.leads)
    form.press(*(request.form.get(name, "")[:40] for name in PRESSES))
    if "HX-Request" in request.headers:
        # the live list looks and keeps nothing: its answer can arrive after that of a press, and would undo it
        return _show(ground, form, "dates")
    session[PLAN] = {"group": group.id, "answers": form.kept}
    if request.form.get("do") != "create":
        return _lead_on(group, _wanted_step())
    try:
        return _create(group, form.answers(ground.pathways), form.source.data or "")
    except (Invalid, Conflict) as problem:
        # the page of that step looks for it again and says it beside the field
        return _lead_on(group, _step_of(_beside(problem)))


def _find_kept(group: Group) -> dict[str, Any] | None:
    plan = session.get(PLAN)
    return plan["answers"] if plan and plan["group"] == group.id else None


def _lead_on(group: Group, step: str) -> ResponseReturnValue:
    return redirect(url_for("planning.plan_series", group_id=group.id, step=step), 303)


def _lead_to(group: Group, series: Series, *said: str) -> ResponseReturnValue:
    for words in said:
        flash(words)
    return redirect(url_for("groups.show_group", group_id=group.id, _anchor=f"series-{series.id}"), 303)


def _read_ground(group: Group) -> Ground:
    people, zones = groups.count_with_zones(db(), group)
    content = edition(db(), group.language)
    return Ground(
        group=group,
        pathways=_list_paths(content, group),
        owners=content.owners,
        leads=reminders.list_rules(db(), group),
        own=load_timetable(db(), group.id),
        people=people,
        zones=zones,
    )


def _list_paths(content: Catalogue, group: Group) -> tuple[Pathway, ...]:
    """List the paths that fit a group, in the language of that group."""
    return tuple(each for each in content.pathways_of([me().id]) if each.group_kind == group.kind)


def _list_fitting(mine: Sequence[Group], wanted: str) -> list[Group]:
    """List the groups that a path fits; each language is read once."""
    content = {spoken: edition(db(), spoken) for spoken in {group.language for group in mine}}
    return [group for group in mine if wanted in {each.id for each in _list_paths(content[group.language], group)}]


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


def _propose(again: Again, form: SeriesForm) -> Mapping[str, str]:
    """Return what a series that is planned again proposes; the zone stays the one of the group that it is for."""
    earliest = form.first_on or to_local(now(), get_zone(again.group.zone)).date() + WEEK
    return propose(again, earliest, count_cycles(db(), again.series), reminders.list_rules(db(), again.group))


def _create(group: Group, answers: SeriesAnswers, source: str) -> ResponseReturnValue:
    lock_timetable(db(), group.id)  # a second press at the same moment waits here, and then finds the series
    done = find_scheduled(db(), group, answers.seed)
    if done:
        return _lead_to(group, done, _("These sessions are planned already. Nothing was planned twice."))
    draft = draft_series(group, answers)
    series, sessions = schedule_series(db(), group, draft, now(), require_review=settings().require_clinical_review)
    again, review = find_source(db(), me(), source), settings().require_clinical_review
    copies = take_over_series(db(), again, series, sessions, require_review=review) if again else []
    reminders.change_rules(db(), group, answers.leads, now())
    db().commit()
    said = copied_words(copies) if copies else []
    words = ngettext(
        "%(num)s session is planned. Nothing was sent.",
        "%(num)s sessions are planned. Nothing was sent.",
        len(sessions),
    )
    return _lead_to(group, series, words, *said)


def _show(ground: Ground, form: SeriesForm, step: str) -> ResponseReturnValue:
    lines, answers, problem = _look(ground, form)
    group, pathways = ground.group, ground.pathways
    if problem and STEPS.index(_step_of(problem)) < STEPS.index(step):
        return _lead_on(group, _step_of(problem))
    if problem and _step_of(problem) == step:
        form.say(problem)
    page = render_template(
        f"planning/wizard_{step}.html",
        nav="series",
        group=group,
        form=form,
        pathways=pathways,
        owners=ground.owners,
        chosen=next((each for each in pathways if each.id == form.pathway_id.data), None),
        answers=answers,
        step=step,
        lines=lines,
        warnings=gather_warnings(lines),
        rhythm=Rhythm(form.rhythm.data) if form.rhythm.data in set(Rhythm) else Rhythm.WEEKLY,
        knows_holidays=bool(public_holidays(group.country, [now().year])),
        has_errors=bool(form.errors),
        is_begun=_find_kept(group) is not None,
        people=ground.people,
        leads_now=tuple(ground.leads),
        again=find_source(db(), me(), form.source.data or ""),
    )
    return page, 422 if form.errors else 200


def _look(ground: Ground, form: SeriesForm) -> tuple[list[PlannedDate], SeriesAnswers | None, Invalid | None]:
    """Return the live list, the answers, and the first thing that stands in the way; unreadable answers list nothing."""
    lines: list[PlannedDate] = []
    answers = None
    try:
        answers = form.answers(ground.pathways)
        own, zones = ground.own, ground.zones
        lines = list_lines(db(), me(), ground.group, answers, own=own, zones=zones, now=now())
        refuse_draft(ground.group, answers, ground.own, now())
    except (Invalid, Conflict) as problem:
        return lines, answers, _beside(problem)
    return lines, answers, None
