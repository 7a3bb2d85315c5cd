"""The plan of a session taken over for another: choose which, look at what the rules allow there, and press.

And a whole series planned again for another group: the choice of the group, which leads into the wizard.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.curriculum.editions import edition
from facilitator.curriculum.pathways import Pathway
from facilitator.errors import Conflict, NotFound
from facilitator.groups import service as groups
from facilitator.groups.models import Group
from facilitator.planning import queries, service
from facilitator.planning.copying import Copy, Fate, plan_copy, take_over
from facilitator.planning.forms_session import ChangeForm
from facilitator.planning.history import ChangeCode, recorded
from facilitator.planning.laying import refuse_laying
from facilitator.planning.models import GroupSession, Series
from facilitator.planning.originals import Part, Source, load_parts
from facilitator.planning.scene import add_pool, load_scene
from facilitator.planning.shown import part_facts
from facilitator.planning.timetable import can_change, lock_timetable
from facilitator.planning.wording_laying import copied_words
from facilitator.web.login import me
from facilitator.web.request import db, now, settings
from facilitator.web.seen import mark_of, refuse_changed

AHEAD = timedelta(days=2 * 366)  # a series lasts two years at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What taking a plan over stands on: the two sessions, their parts, and what comes of it."""

    source: Source
    session: GroupSession
    group: Group
    parts: Mapping[str, Sequence[Part]]
    copy: Copy

    @property
    def facts(self) -> tuple[object, ...]:
        """Return what the page shows: both plans, and how deep the other session may go."""
        limits = (self.session.minutes, self.session.depth_cap, self.session.depth_limit)
        return limits, tuple(
            (part.segment.id, part.segment.position, part.segment.minutes, part_facts(part.row))
            for session in (self.source.session, self.session)
            for part in self.parts[session.id]
        )


def register(blueprint: Blueprint) -> None:
    """Add the routes of taking over."""
    blueprint.get("/sessions/<session_id>/copy")(choose_target)
    blueprint.post("/sessions/<session_id>/copy")(copy_plan)
    blueprint.get("/series/<series_id>/again")(plan_again)


def choose_target(session_id: str) -> ResponseReturnValue:
    """List the sessions that can take a plan over, or show what would come of one of them."""
    if "to" in request.args:
        return _show_copy(_read_ground(session_id, request.args["to"]))
    session, group = service.get_session_with_group(db(), me(), session_id)
    coming = queries.upcoming(db(), me(), now(), now() + AHEAD)
    found = [each for each in coming if each[0].id != session.id and can_change(each[0], now())]
    # the group that plans it again is rarely the one that has met on it
    found.sort(key=lambda each: (each[1].id == group.id, each[1].label.casefold(), each[1].id, each[0].starts_at))
    return render_template(
        "planning/choose_target.html",
        nav="groups",
        session=session,
        group=group,
        found=[(own, [each for each, _group in rows]) for own, rows in groupby(found, key=lambda each: each[1])],
        form=None,
        now=now(),
    )


def copy_plan(session_id: str) -> ResponseReturnValue:
    """Take a plan over for another session."""
    ground = _read_ground(session_id, request.form.get("to", ""), lock=True)
    scene, pair = ground.copy.desk.scene, (ground.source, ground.session)
    try:
        refuse_changed(*ground.facts)
    except Conflict as problem:
        return _show_copy(ground, problem.message), problem.status
    with recorded(db(), me(), ground.session, ChangeCode.COPIED, title=ground.source.session.title):
        parts, own = (ground.parts[each.id] for each in (ground.source.session, ground.session))
        [copy] = take_over(db(), scene, [(pair[0], parts, pair[1], own)])
    db().commit()
    for words in copied_words([copy]):
        flash(words)
    return redirect(url_for("planning.show_session", session_id=ground.session.id), 303)


def plan_again(series_id: str) -> ResponseReturnValue:
    """Ask for which group a series is planned again, of those that its path fits."""
    series, group = service.get_series(db(), me(), series_id)
    mine = groups.list_own(db(), me())
    fitting = [each for each in mine if _find_path(each, series)]
    return render_template(
        "planning/plan_again.html",
        nav="series",
        series=series,
        group=group,
        pathway=edition(db(), group.language).pathway(series.pathway_id, series.pathway_version),
        fitting=sorted(fitting, key=lambda each: each.id == group.id),
        others=[each for each in mine if each not in fitting],
    )


def _find_path(group: Group, series: Series) -> Pathway | None:
    """Return the path of a series as another group would take it, if it fits."""
    content = edition(db(), group.language)
    paths = (each for each in content.pathways_of([me().id]) if each.group_kind == group.kind)
    return next((each for each in paths if each.id == series.pathway_id), None)


def _read_ground(session_id: str, to: str, *, lock: bool = False) -> Ground:
    both = service.list_sessions_with_groups(db(), me(), [session_id, to])
    if session_id not in both or to not in both:
        raise NotFound
    if session_id == to:
        raise Conflict(_("Choose another session."))
    source = Source(session=both[session_id][0], group=both[session_id][1])
    session, group = both[to]
    if lock:
        lock_timetable(db(), group.id)
    refuse_laying(session, now())
    scene = add_pool(db(), load_scene(db(), group, require_review=settings().require_clinical_review))
    parts = load_parts(db(), [source.session, session], scene)
    copy = plan_copy(scene, source, parts[session_id], session, parts[to])
    return Ground(source=source, session=session, group=group, parts=parts, copy=copy)


def _show_copy(ground: Ground, problem: str = "") -> str:
    return render_template(
        "planning/copy_session.html",
        nav="groups",
        session=ground.source.session,
        target=ground.session,
        group=ground.group,
        copy=ground.copy,
        Fate=Fate,
        form=ChangeForm(formdata=None),
        problem=problem,
        seen=mark_of(*ground.facts),
        now=now(),
    )
