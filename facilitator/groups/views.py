"""Pages of groups: the list, one group with everything that happens in it, and who leads it."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.curriculum.service import catalogue
from facilitator.errors import Conflict, Invalid
from facilitator.groups import service as groups
from facilitator.groups import views_people
from facilitator.groups.forms import CoForm, GroupForm, say_problem
from facilitator.groups.models import Group, GroupRole
from facilitator.planning.series_card import series_cards
from facilitator.reminders import service as reminders
from facilitator.reminders.ledger import list_occasions
from facilitator.reports.service import attendance_trend
from facilitator.web.login import me
from facilitator.web.request import db, now, settings

blueprint = Blueprint("groups", __name__)
views_people.register(blueprint)
SHOWN_AHEAD = 4


@blueprint.get("/groups")
def list_groups() -> ResponseReturnValue:
    """Show the groups of the signed-in facilitator."""
    return render_template("groups/list_groups.html", nav="groups", groups=groups.list_groups(db(), me()))


@blueprint.route("/groups/new", methods=["GET", "POST"])
def create_group() -> ResponseReturnValue:
    """Make a group."""
    form = GroupForm().offer(_countries())
    if form.is_submitted():
        if form.validate() and (group := _try_create(form)):
            db().commit()
            flash(_("The group is made. Nothing was sent to anybody."))
            return redirect(url_for("groups.show_group", group_id=group.id), 303)
        return _edit_page(form, None), 422
    form.zone.data, form.language.data = me().zone, me().language
    return _edit_page(form, None)


@blueprint.get("/groups/<group_id>")
def show_group(group_id: str) -> ResponseReturnValue:
    """Show a group: its series, its people in numbers, its reminders and how many came."""
    group = groups.get_group(db(), me(), group_id)
    return render_template(
        "groups/show_group.html",
        nav="groups",
        group=group,
        people=groups.count_participants(db(), group),
        leaders=groups.list_facilitators(db(), group),
        me=me(),
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
    form = GroupForm.of(group, _countries())
    if form.is_submitted():
        if form.validate() and _try_change(form, group):
            reminders.follow_group(db(), group, now())
            db().commit()
            flash(_("Saved."))
            return redirect(url_for("groups.show_group", group_id=group.id), 303)
        return _edit_page(form, group), 422
    return _edit_page(form, group)


@blueprint.post("/groups/<group_id>/facilitators")
def add_co_facilitator(group_id: str) -> ResponseReturnValue:
    """Let another account co-facilitate."""
    group = groups.get_led_group(db(), me(), group_id)
    form = CoForm()
    try:
        if form.validate():
            added = groups.add_co_facilitator(db(), group, form.email.data or "")
            db().commit()
            flash(_("%(name)s now sees plan, room and count of this group, and no addresses.", name=added.name))
            return redirect(url_for("groups.edit_group", group_id=group.id), 303)
    except (Invalid, Conflict) as problem:
        say_problem(form, problem if isinstance(problem, Invalid) else Invalid(problem.message, "email"))
    return _edit_page(GroupForm.of(group, _countries()), group, form), 422


@blueprint.post("/groups/<group_id>/facilitators/<facilitator_id>/remove")
def remove_co_facilitator(group_id: str, facilitator_id: str) -> ResponseReturnValue:
    """Take a co-facilitator out of a group."""
    group = groups.get_led_group(db(), me(), group_id)
    groups.remove_co_facilitator(db(), group, facilitator_id)
    db().commit()
    flash(_("Taken out of the group."))
    return redirect(url_for("groups.edit_group", group_id=group.id), 303)


def _countries() -> list[str]:
    lines = catalogue().help.lines
    return [*sorted({line.country for line in lines if line.active} - {"INT", "EU"}), "INT"]


def _try_create(form: GroupForm) -> Group | None:
    try:
        group = groups.create_group(db(), me(), form.draft(), now())
    except Invalid as problem:
        form.say(problem)
        return None
    reminders.add_default_rules(db(), group)
    return group


def _try_change(form: GroupForm, group: Group) -> bool:
    try:
        groups.change_group(db(), group, form.draft())
    except Invalid as problem:
        form.say(problem)
        return False
    except Conflict as problem:
        form.say(Invalid(problem.message, "capacity"))
        return False
    return True


def _edit_page(form: GroupForm, group: Group | None, co_form: CoForm | None = None) -> str:
    leaders = groups.list_facilitators(db(), group) if group else []
    return render_template(
        "groups/edit_group.html",
        nav="groups",
        form=form,
        group=group,
        leaders=leaders,
        co_form=co_form or CoForm(formdata=None),
        is_lead=any(person.id == me().id and role is GroupRole.LEAD for person, role in leaders),
        has_errors=bool(form.errors or (co_form and co_form.errors)),
    )
