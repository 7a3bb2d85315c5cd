"""Agendas kept from a session and laid over others: the page that keeps one, the list that fits, and the look before.

A look changes nothing; only a press does, for one session or for several of its series, all of them or none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.curriculum.editions import edition
from facilitator.errors import Conflict, Invalid
from facilitator.groups.models import Group
from facilitator.library.agendas import Faulty
from facilitator.planning import laying, service
from facilitator.planning.forms_laying import ALONE, KeepForm, LayForm
from facilitator.planning.keeping import keep_session
from facilitator.planning.laying import Laying, Offered
from facilitator.planning.models import GroupSession, Segment
from facilitator.planning.rules_slots import Reach
from facilitator.planning.shown import agenda_facts
from facilitator.planning.timetable import can_change, load_timetable, lock_timetable
from facilitator.planning.wording_laying import fault_lines, used_words
from facilitator.times import get_zone, to_local
from facilitator.web.login import me
from facilitator.web.request import db, now, settings
from facilitator.web.seen import mark_of, refuse_changed


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What laying an agenda stands on: the session, its group, the timetable, the agenda and the parts that it meets."""

    session: GroupSession
    group: Group
    timetable: Sequence[GroupSession]
    offered: Offered
    present: Mapping[str, list[Segment]]

    @property
    def facts(self) -> tuple[object, ...]:
        """Return what the page shows."""
        reached = self.reached(Reach.ALL)
        return self.offered.agenda.version, tuple((s.id, s.minutes, agenda_facts(self.present[s.id])) for s in reached)

    @cached_property
    def one(self) -> Laying | None:
        """Return what becomes of the session itself; None where the agenda is too long for it."""
        return self.lay(self.session)

    def reached(self, reach: Reach) -> list[GroupSession]:
        """List the sessions that are meant."""
        return laying.list_reached(self.timetable, self.session, reach, now())

    def lay(self, session: GroupSession) -> Laying | None:
        """Return what becomes of one session."""
        return laying.plan_laying(session, self.present[session.id], self.offered.agenda.segments)

    @cached_property
    def changing(self) -> Mapping[Reach, int]:
        """Return how many sessions change, by what is meant; what would be the same as another is left out."""
        found = {reach: [self.lay(session) for session in self.reached(reach)] for reach in Reach}
        counts = {reach: sum(bool(each and each.changes) for each in all_) for reach, all_ in found.items()}
        return counts if len(found[Reach.ALL]) > 1 else {Reach.ONE: counts[Reach.ONE]}


def register(blueprint: Blueprint) -> None:
    """Add the routes of kept agendas."""
    blueprint.get("/sessions/<session_id>/keep")(name_agenda)
    blueprint.post("/sessions/<session_id>/keep")(keep_agenda)
    blueprint.get("/sessions/<session_id>/agendas")(list_agendas)
    blueprint.get("/sessions/<session_id>/agendas/<slug>")(look_at_agenda)
    blueprint.post("/sessions/<session_id>/agendas/<slug>")(lay_agenda)
    blueprint.get("/series/<series_id>/agendas")(choose_for_series)


def name_agenda(session_id: str) -> ResponseReturnValue:
    """Ask for a name under which the agenda of a session is kept."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    return _show_keep(session, group, KeepForm(data={"name": session.title, "sharing": ALONE}))


def keep_agenda(session_id: str) -> ResponseReturnValue:
    """Keep the agenda of a session in the library."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    form, content = KeepForm(), edition(db(), group.language)
    today = to_local(now(), get_zone(me().zone)).date()
    try:
        name, shared = form.answers()
        row = keep_session(db(), me(), session, group, name, content, today, shared=shared)
    except Invalid as problem:
        db().rollback()
        return _show_keep(*service.get_session_with_group(db(), me(), session_id), form, problem)
    slug, spoken = row.slug, row.language
    db().commit()
    flash(_("It is kept. You can choose it on the page of every session that it fits."))
    return redirect(url_for("library.show_entry", kind="agenda", slug=slug, language=spoken), 303)


def list_agendas(session_id: str) -> ResponseReturnValue:
    """List the agendas that fit a session."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    laying.refuse_laying(session, now())
    content = edition(db(), group.language)
    return render_template(
        "planning/list_agendas.html",
        nav="groups",
        session=session,
        group=group,
        offered=laying.list_offered(db(), me(), content, group, session),
        reach=request.args.get("reach"),
        form=None,
        now=now(),
    )


def look_at_agenda(session_id: str, slug: str) -> ResponseReturnValue:
    """Show what laying an agenda over a session would do."""
    asked = request.args.get("reach", Reach.ONE.value)
    return _show_lay(_read_ground(session_id, slug), LayForm(data={"reach": asked}))


def lay_agenda(session_id: str, slug: str) -> ResponseReturnValue:
    """Lay an agenda over one session, it and the later ones, or all to come."""
    ground = _read_ground(session_id, slug, lock=True)
    form, review = LayForm(), settings().require_clinical_review
    try:
        refuse_changed(*ground.facts)
        reach = form.answer()
        meant = ground.reached(reach)
        used = laying.use_agenda(db(), me(), ground.offered.agenda, meant, require_review=review)
    except (Invalid, Conflict) as problem:
        db().rollback()
        form.say(Invalid(problem.message, "reach") if isinstance(problem, Conflict) else problem)
        return _show_lay(_read_ground(session_id, slug), form)
    for words in used_words(ground.offered.agenda.name, used, meant):
        flash(words)
    db().commit()
    return redirect(url_for("planning.show_session", session_id=session_id), 303)


def choose_for_series(series_id: str) -> ResponseReturnValue:
    """Lead to the agendas that fit the next ordinary session of a series, for all that are still to come."""
    series, group = service.get_series(db(), me(), series_id)
    own = [each for each in load_timetable(db(), group.id) if each.series_id == series.id and can_change(each, now())]
    if not own:
        raise Conflict(_("No session of this series is still to come."))
    first = min(own, key=lambda each: (each.session_kind != "standard", each.position))
    return redirect(url_for("planning.list_agendas", session_id=first.id, reach=Reach.ALL.value), 303)


def _read_ground(session_id: str, slug: str, *, lock: bool = False) -> Ground:
    session, group = service.get_session_with_group(db(), me(), session_id)
    timetable = lock_timetable(db(), group.id) if lock else load_timetable(db(), group.id)
    laying.refuse_laying(session, now())
    fitting = laying.list_offered(db(), me(), edition(db(), group.language), group, session)
    reached = laying.list_reached(timetable, session, Reach.ALL, now())
    return Ground(
        session=session,
        group=group,
        timetable=timetable,
        offered=laying.get_offered(fitting, slug),
        present=laying.load_segments(db(), reached),
    )


def _show_keep(
    session: GroupSession, group: Group, form: KeepForm, problem: Invalid | None = None
) -> ResponseReturnValue:
    present = laying.load_segments(db(), [session])[session.id]
    faults = fault_lines(problem.faults, present) if isinstance(problem, Faulty) else []
    for words in faults:
        form.form_errors.append(words)
    if problem is not None and not faults:
        form.say(problem)
    page = render_template(
        "planning/keep_agenda.html",
        nav="groups",
        session=session,
        group=group,
        segments=present,
        form=form,
        faults=faults,
        seen="",
        has_errors=bool(form.errors),
        now=now(),
    )
    return page, 422 if form.errors else 200


def _show_lay(ground: Ground, form: LayForm) -> ResponseReturnValue:
    form.count(ground.changing)
    if form.reach.data not in ground.changing:
        form.reach.data = Reach.ONE.value
    page = render_template(
        "planning/lay_agenda.html",
        nav="groups",
        session=ground.session,
        group=ground.group,
        ground=ground,
        form=form,
        locked=laying.list_locked(db(), ground.session),
        seen=mark_of(*ground.facts),
        has_errors=bool(form.errors),
        now=now(),
    )
    return page, 422 if form.errors else 200
