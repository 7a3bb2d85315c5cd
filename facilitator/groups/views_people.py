"""Pages of a mailing list, for the person who leads the group: add with a preview, change, pause, take off."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from facilitator.accounts.forms import say_problem
from facilitator.curriculum.rules import GroupKind
from facilitator.errors import Conflict, Invalid
from facilitator.groups import people
from facilitator.groups import service as groups
from facilitator.groups.consent import consent
from facilitator.groups.forms import PeopleForm, PersonForm
from facilitator.groups.models import Group, GroupRole, MailState
from facilitator.groups.people import Entry
from facilitator.groups.roster import PreviewRow, Verdict, decode_file, fingerprint, preview, read_rows
from facilitator.groups.sealed import Person, open_person
from facilitator.planning.joining import find_missed_start
from facilitator.planning.rules import joins_until
from facilitator.reminders import erasure
from facilitator.reminders import service as reminders
from facilitator.reminders.personal import repeat_confirm
from facilitator.reminders.returns import forget_unlisted
from facilitator.reminders.suppression import find_suppression
from facilitator.reminders.traces import erase_traces
from facilitator.web.login import me
from facilitator.web.request import database, db, now, settings

STATES = {"pause": MailState.PAUSED, "stop": MailState.STOPPED, "resume": MailState.ACTIVE}


def register(blueprint: Blueprint) -> None:
    """Add the routes of the list."""
    blueprint.get("/groups/<group_id>/people")(show_people)
    blueprint.post("/groups/<group_id>/people")(add_people)
    blueprint.get("/groups/<group_id>/people/<person_id>")(show_person)
    blueprint.post("/groups/<group_id>/people/<person_id>")(change_person)
    blueprint.post("/groups/<group_id>/people/<person_id>/state")(change_state)
    blueprint.post("/groups/<group_id>/people/<person_id>/ask")(ask_person)
    blueprint.post("/groups/<group_id>/people/<person_id>/link")(renew_link)
    blueprint.post("/groups/<group_id>/people/<person_id>/group")(move_person)
    blueprint.post("/groups/<group_id>/people/<person_id>/remove")(remove_person)


def show_people(group_id: str) -> ResponseReturnValue:
    """Show the list and the form to add people."""
    group = groups.get_led_group(db(), me(), group_id)
    return _people_page(group, PeopleForm())


def add_people(group_id: str) -> ResponseReturnValue:
    """Show what a list would add; on a second press, add it."""
    group = groups.get_led_group(db(), me(), group_id)
    form = PeopleForm()
    rows: Sequence[PreviewRow] = ()
    try:
        rows = _preview(group, form)
        is_seen = form.confirms(fingerprint(rows))
        if form.validate() and request.form.get("do") == "add" and _may_add(group, form, rows, is_seen=is_seen):
            return _add(group, rows)
    except Invalid as problem:
        say_problem(form, problem.message, problem.field)
    except Conflict as problem:
        say_problem(form, problem.message, "text")
    return _people_page(group, form, rows), 422 if form.errors else 200


def show_person(group_id: str, person_id: str) -> ResponseReturnValue:
    """Show how one person is called and written to."""
    group = groups.get_led_group(db(), me(), group_id)
    person = open_person(db(), people.get_participant(db(), group, person_id))
    return _person_page(group, person, PersonForm.of(person))


def change_person(group_id: str, person_id: str) -> ResponseReturnValue:
    """Change how one person is called and written to."""
    group = groups.get_led_group(db(), me(), group_id)
    participant = people.get_participant(db(), group, person_id)
    person = open_person(db(), participant)
    form = PersonForm.of(person)
    try:
        if not form.validate():
            return _person_page(group, person, form), 422
        people.change_person(db(), participant, form.draft())
    except Invalid as problem:
        say_problem(form, problem.message, problem.field)
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


def ask_person(group_id: str, person_id: str) -> ResponseReturnValue:
    """Ask once more whether the address is safe; there is never a third time."""
    group = groups.get_led_group(db(), me(), group_id)
    repeat_confirm(db(), group, people.get_participant(db(), group, person_id), now())
    db().commit()
    flash(_("The question goes out once more, and not again after that."))
    return redirect(url_for("groups.show_people", group_id=group.id), 303)


def renew_link(group_id: str, person_id: str) -> ResponseReturnValue:
    """Give a person a new link, because somebody else may have the old one; the next message brings it."""
    group = groups.get_led_group(db(), me(), group_id)
    people.renew_settings_link(db(), people.get_participant(db(), group, person_id))
    db().commit()
    flash(_("The old link opens nothing any more. The next message brings the new one."))
    return redirect(url_for("groups.show_people", group_id=group.id), 303)


def move_person(group_id: str, person_id: str) -> ResponseReturnValue:
    """Move a person to another group that one leads; whoever waits gets the place that came free."""
    group = groups.get_led_group(db(), me(), group_id)
    to_group = groups.get_led_group(db(), me(), request.form.get("to", ""))
    people.move_participant(db(), people.get_participant(db(), group, person_id), to_group)
    people.admit_next(db(), group)
    for each in (group, to_group):
        reminders.follow_group(db(), each, now())
    db().commit()
    database().checkpoint()
    flash(_("Moved. Messages about the meetings of %(label)s come from now on.", label=to_group.label))
    return redirect(url_for("groups.show_people", group_id=to_group.id), 303)


def remove_person(group_id: str, person_id: str) -> ResponseReturnValue:
    """Erase one person from the list."""
    group = groups.get_led_group(db(), me(), group_id)
    people.remove_participant(db(), people.get_participant(db(), group, person_id))
    forget_unlisted(db())
    people.admit_next(db(), group)
    reminders.follow_group(db(), group, now())
    db().commit()
    erase_traces(database(), settings().mailbox_dir)
    flash(_("Alias and address are erased. Messages to this person are withdrawn."))
    return redirect(url_for("groups.show_people", group_id=group.id), 303)


def _preview(group: Group, form: PeopleForm) -> Sequence[PreviewRow]:
    if content := form.read_file():
        form.show_text(decode_file(content))
    present = people.list_address_indexes(db(), group)
    return preview(
        read_rows(form.typed),
        lambda address: people.address_index(db(), address) in present,
        people.checked_entry,
        people.places_left(group, len(present)),
    )


def _may_add(group: Group, form: PeopleForm, rows: Sequence[PreviewRow], *, is_seen: bool) -> bool:
    """Tell whether a list is added as it stands; what is missing is said beside its field."""
    if not _entries(rows):
        say_problem(form, _("No line of this list can be added."), "text")
    elif not is_seen:
        say_problem(
            form, _("The list is not the one that you looked at. Look at it as it is now, then add it."), "text"
        )
    else:
        if not form.is_agreed:
            say_problem(form, _("Tick this when each person agreed; without it nothing is added."), "agreed")
        if not form.is_spoken_about and find_missed_start(db(), group, now()):
            say_problem(form, _("Tick this when the group knows of it; without it nobody is added."), "spoken")
    return not form.errors


def _entries(rows: Sequence[PreviewRow]) -> list[Entry]:
    return [row.entry for row in rows if row.verdict is Verdict.ADD and row.entry]


def _add(group: Group, rows: Sequence[PreviewRow]) -> ResponseReturnValue:
    entries = _entries(rows)
    people.add_participants(db(), group, entries)
    reminders.follow_group(db(), group, now())
    db().commit()
    flash(
        ngettext(
            "%(num)s person is on the list now. One neutral message asks whether the address is safe; nothing else is sent before the answer.",
            "%(num)s people are on the list now. One neutral message asks each whether the address is safe; nothing else is sent before the answer.",
            len(entries),
        )
    )
    return redirect(url_for("groups.show_people", group_id=group.id), 303)


def _people_page(group: Group, form: PeopleForm, rows: Sequence[PreviewRow] = ()) -> str:
    return render_template(
        "groups/people.html",
        nav="groups",
        group=group,
        people=people.list_people(db(), group),
        erased_on=erasure.find_erasure_day(db(), group, now()),
        receipts=erasure.list_receipts(db(), group),
        consent_of=lambda person: consent(person, group, now().date()),
        form=form,
        rows=rows,
        is_closed=group.kind == GroupKind.CLOSED,
        joins_until=joins_until(group.kind),
        missed_start=find_missed_start(db(), group, now()),
        has_errors=bool(form.errors),
    )


def _person_page(group: Group, person: Person, form: PersonForm) -> str:
    return render_template(
        "groups/person.html",
        nav="groups",
        group=group,
        person=person,
        form=form,
        consent=consent(person.participant, group, now().date()),
        others=[
            each.group
            for each in groups.list_groups(db(), me())
            if each.role == GroupRole.LEAD and each.group.id != group.id
        ],
        suppression=find_suppression(db(), person.participant, now()),
        now=now(),
        has_errors=bool(form.errors),
    )
