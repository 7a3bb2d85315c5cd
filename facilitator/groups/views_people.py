"""Pages of a mailing list, for the person who leads the group: add with a preview, change, pause, take off."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from facilitator.accounts.service import normal_address
from facilitator.errors import Invalid
from facilitator.groups import people
from facilitator.groups import service as groups
from facilitator.groups.forms import PeopleForm, PersonForm, say_problem
from facilitator.groups.models import Group, MailState, Wording
from facilitator.groups.roster import PreviewRow, Verdict, decode_file, preview, read_rows
from facilitator.planning.rules import joins_until
from facilitator.reminders import service as reminders
from facilitator.times import get_zone
from facilitator.web.login import me
from facilitator.web.request import database, db, now

STATES = {"pause": MailState.PAUSED, "stop": MailState.STOPPED, "resume": MailState.ACTIVE}


def register(blueprint: Blueprint) -> None:
    """Add the routes of the list."""
    blueprint.get("/groups/<group_id>/people")(show_people)
    blueprint.post("/groups/<group_id>/people")(add_people)
    blueprint.get("/groups/<group_id>/people/<person_id>")(show_person)
    blueprint.post("/groups/<group_id>/people/<person_id>")(change_person)
    blueprint.post("/groups/<group_id>/people/<person_id>/state")(change_state)
    blueprint.post("/groups/<group_id>/people/<person_id>/remove")(remove_person)


def show_people(group_id: str) -> ResponseReturnValue:
    """Show the list and the form to add people."""
    group = groups.get_led_group(db(), me(), group_id)
    return _people_page(group, PeopleForm())


def add_people(group_id: str) -> ResponseReturnValue:
    """Show what a list would add; on a second press, add it."""
    group = groups.get_led_group(db(), me(), group_id)
    form = PeopleForm()
    try:
        rows = _preview(group, form)
        if request.form.get("do") == "add" and form.validate():
            return _add(group, form, rows)
    except Invalid as problem:
        say_problem(form, problem)
        return _people_page(group, form), 422
    return _people_page(group, form, rows), 422 if form.errors else 200


def show_person(group_id: str, person_id: str) -> ResponseReturnValue:
    """Show how one person is called and written to."""
    group = groups.get_led_group(db(), me(), group_id)
    person = people.open_person(db(), people.get_participant(db(), group, person_id))
    return _person_page(group, person, PersonForm.of(person))


def change_person(group_id: str, person_id: str) -> ResponseReturnValue:
    """Change how one person is called and written to."""
    group = groups.get_led_group(db(), me(), group_id)
    participant = people.get_participant(db(), group, person_id)
    person = people.open_person(db(), participant)
    form = PersonForm.of(person)
    try:
        if not form.validate():
            return _person_page(group, person, form), 422
        wording, zone = Wording(form.wording.data), form.zone.data or None
        people.change_person(db(), participant, alias=form.alias.data, wording=wording, zone=zone, quiet=form.quiet())
    except Invalid as problem:
        say_problem(form, problem)
        return _person_page(group, person, form), 422
    reminders.follow_group(db(), group, now())
    db().commit()
    flash(_("Saved."))
    return redirect(url_for("groups.show_people", group_id=group.id), 303)


def change_state(group_id: str, person_id: str) -> ResponseReturnValue:
    """Pause, stop or resume messages to one person."""
    group = groups.get_led_group(db(), me(), group_id)
    participant = people.get_participant(db(), group, person_id)
    state = STATES.get(request.form.get("do", ""))
    if state is None:
        raise Invalid("Choose pause, stop or resume.")
    people.change_state(db(), participant, state)
    reminders.follow_group(db(), group, now())
    db().commit()
    flash(_("Saved. It takes effect before the next message leaves."))
    return redirect(url_for("groups.show_people", group_id=group.id), 303)


def remove_person(group_id: str, person_id: str) -> ResponseReturnValue:
    """Erase one person from the list."""
    group = groups.get_led_group(db(), me(), group_id)
    people.remove_participant(db(), people.get_participant(db(), group, person_id))
    reminders.follow_group(db(), group, now())
    db().commit()
    database().checkpoint()
    flash(_("Alias and address are erased. Messages to this person are withdrawn."))
    return redirect(url_for("groups.show_people", group_id=group.id), 303)


def _preview(group: Group, form: PeopleForm) -> Sequence[PreviewRow]:
    if form.file.data and form.file.data.filename:
        form.text.data = decode_file(form.file.data.read())
    present = {person.participant.address_index for person in people.list_people(db(), group)}

    def check(entry: people.Entry) -> str:
        people.checked_alias(entry.alias)
        if entry.zone:
            get_zone(entry.zone)
        return normal_address(entry.address, "address")

    return preview(
        read_rows(form.text.data or ""),
        lambda address: people.address_index(db(), address) in present,
        check,
        group.capacity - len(present),
    )


def _add(group: Group, form: PeopleForm, rows: Sequence[PreviewRow]) -> ResponseReturnValue:
    if not form.agreed.data:
        raise Invalid(_("Tick this when each person agreed; without it nothing is added."), "agreed")
    entries = [row.entry for row in rows if row.verdict is Verdict.ADD and row.entry]
    if not entries:
        raise Invalid(_("No line of this list can be added."), "text")
    people.add_participants(db(), group, entries)
    reminders.follow_group(db(), group, now())
    db().commit()
    flash(ngettext("%(num)s person is on the list now.", "%(num)s people are on the list now.", len(entries)))
    return redirect(url_for("groups.show_people", group_id=group.id), 303)


def _people_page(group: Group, form: PeopleForm, rows: Sequence[PreviewRow] = ()) -> str:
    return render_template(
        "groups/people.html",
        nav="groups",
        group=group,
        people=people.list_people(db(), group),
        form=form,
        rows=rows,
        joins_until=joins_until(group.kind),
        has_errors=bool(form.errors),
    )


def _person_page(group: Group, person: people.Person, form: PersonForm) -> str:
    return render_template(
        "groups/person.html", nav="groups", group=group, person=person, form=form, has_errors=bool(form.errors)
    )
