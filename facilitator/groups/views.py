"""Pages of groups: the list, one group with everything that happens in it, and who leads it."""

from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.accounts.forms import say_problem
from facilitator.accounts.models import Facilitator
from facilitator.attendance.rules import Precision, code_spans
from facilitator.errors import Conflict, Invalid
from facilitator.groups import service as groups
from facilitator.groups import views_erasure, views_people
from facilitator.groups.forms import EVERYWHERE, CoForm, GroupForm, country_name
from facilitator.groups.models import Group, GroupRole
from facilitator.planning.models import SessionStatus
from facilitator.planning.queries import upcoming
from facilitator.planning.series_card import series_cards
from facilitator.reminders import service as reminders
from facilitator.reminders.ledger import list_occasions
from facilitator.reports.service import attendance_trend
from facilitator.web.login import me
from facilitator.web.request import db, now, settings

blueprint = Blueprint("groups", __name__)
views_people.register(blueprint)
views_erasure.register(blueprint)
SHOWN_AHEAD = 4
USUAL_PEOPLE = 8
LOOKED_AHEAD = timedelta(days=120)


@blueprint.get("/groups")
def list_groups() -> ResponseReturnValue:
    """Show the groups of the signed-in facilitator, each with its next session."""
    coming = upcoming(db(), me(), now(), now() + LOOKED_AHEAD)
    # from the last to the first, so that the first of each group stays
    following = {group.id: session for session, group in reversed(coming) if session.status == SessionStatus.SCHEDULED}
    return render_template(
        "groups/list_groups.html",
        nav="groups",
        groups=groups.list_groups(db(), me()),
        following=following,
        now=now(),
    )


@blueprint.route("/groups/new", methods=["GET", "POST"])
def create_group() -> ResponseReturnValue:
    """Make a group."""
    form = GroupForm(data={"zone": me().zone, "language": me().language})
    if not form.is_submitted():
        return _edit_page(form, None)
    if form.validate() and (group := _try_create(form)):
        db().commit()
        flash(_("The group is made. Nothing was sent to anybody."))
        _warn_of_label(form)
        _tell_of_country(group)
        return redirect(url_for("groups.show_group", group_id=group.id), 303)
    return _edit_page(form, None), 422


@blueprint.get("/groups/<group_id>")
def show_group(group_id: str) -> ResponseReturnValue:
    """Show a group: its series, its people in numbers, its reminders and how many came."""
    details = groups.get_details(db(), me(), group_id, now().date())
    group = details.group
    return render_template(
        "groups/show_group.html",
        nav="groups",
        group=group,
        country=country_name(group.country),
        details=details,
        leaders=details.leaders,
        me=me(),
        is_lead=_is_lead(details.leaders),
        cards=series_cards(db(), group, now()),
        coming=list_occasions(db(), [group.id], coming=True)[:SHOWN_AHEAD],
        trend=attendance_trend(db(), group),
        now=now(),
        base_url=settings().base_url,
    )


@blueprint.route("/groups/<group_id>/edit", methods=["GET", "POST"])
def edit_group(group_id: str) -> ResponseReturnValue:
    """Change what is said about a group."""
    group = groups.get_group(db(), me(), group_id)
    form = GroupForm.of(group)
    if not form.is_submitted():
        return _edit_page(form, group)
    if form.validate() and _try_change(form, group):
        reminders.follow_group(db(), group, now())
        db().commit()
        flash(_("Saved."))
        _warn_of_label(form)
        _tell_of_country(group)
        return redirect(url_for("groups.show_group", group_id=group.id), 303)
    return _edit_page(form, group), 422


@blueprint.post("/groups/<group_id>/facilitators")
def add_co_facilitator(group_id: str) -> ResponseReturnValue:
    """Let another account co-facilitate."""
    group = groups.get_led_group(db(), me(), group_id)
    form = CoForm()
    try:
        if form.validate():
            added = groups.add_co_facilitator(db(), group, form.address)
            db().commit()
            flash(_("%(name)s now sees plan, room and count of this group, and no addresses.", name=added.name))
            return redirect(url_for("groups.edit_group", group_id=group.id), 303)
    except (Invalid, Conflict) as problem:
        say_problem(form, problem.message, "email")
    return _edit_page(GroupForm.of(group), group, form), 422


@blueprint.post("/groups/<group_id>/facilitators/<facilitator_id>/remove")
def remove_co_facilitator(group_id: str, facilitator_id: str) -> ResponseReturnValue:
    """Take a co-facilitator out of a group."""
    group = groups.get_led_group(db(), me(), group_id)
    groups.remove_co_facilitator(db(), group, facilitator_id)
    db().commit()
    flash(_("Taken out of the group."))
    return redirect(url_for("groups.edit_group", group_id=group.id), 303)


def _tell_of_country(group: Group) -> None:
    if group.country == EVERYWHERE:
        flash(_("No country is set: public holidays are not pointed out, and help lines are those of any country."))
    elif country := country_name(group.country):
        flash(_("Public holidays and help lines are those of %(country)s.", country=country))


def _warn_of_label(form: GroupForm) -> None:
    if word := form.telling_word:
        flash(
            _("The name holds “%(word)s”, which may tell a stranger what the group is for. You can keep it.", word=word)
        )


def _try_create(form: GroupForm) -> Group | None:
    try:
        group = groups.create_group(db(), me(), form.draft(), now())
    except Invalid as problem:
        say_problem(form, problem.message, problem.field)
        return None
    reminders.add_default_rules(db(), group)
    return group


def _try_change(form: GroupForm, group: Group) -> bool:
    try:
        groups.change_group(db(), group, form.draft())
    except Invalid as problem:
        say_problem(form, problem.message, problem.field)
        return False
    return True


def _is_lead(leaders: Sequence[tuple[Facilitator, GroupRole]]) -> bool:
    return any(person.id == me().id and role is GroupRole.LEAD for person, role in leaders)


def _precision_example(group: Group | None) -> dict[str, object]:
    """Return a list to explain precision by: that of the group, or one of usual size before there is any."""
    people = groups.count_participants(db(), group) if group else 0
    levels = code_spans(people or USUAL_PEOPLE, Precision.GUARDED)
    return {"people": people or USUAL_PEOPLE, "is_own": bool(people), "levels": levels}


def _edit_page(form: GroupForm, group: Group | None, co_form: CoForm | None = None) -> str:
    leaders = groups.list_facilitators(db(), group) if group else []
    return render_template(
        "groups/edit_group.html",
        nav="groups",
        form=form,
        group=group,
        leaders=leaders,
        co_form=co_form or CoForm(formdata=None),
        example=_precision_example(group),
        is_lead=_is_lead(leaders),
        has_errors=bool(form.errors or (co_form and co_form.errors)),
    )
