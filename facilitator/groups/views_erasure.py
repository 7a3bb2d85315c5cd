"""The page on which a facilitator erases a list when the last session is over, without waiting for its day."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.groups import service as groups
from facilitator.reminders import erasure
from facilitator.reminders.traces import erase_traces
from facilitator.web.login import me
from facilitator.web.request import database, db, now, settings


def register(blueprint: Blueprint) -> None:
    """Add the routes of the end of a list."""
    blueprint.get("/groups/<group_id>/people/erase")(ask_erase)
    blueprint.post("/groups/<group_id>/people/erase")(erase_people)


def ask_erase(group_id: str) -> ResponseReturnValue:
    """Ask once more, and say in plain words what goes and what stays."""
    group = groups.get_led_group(db(), me(), group_id)
    people = groups.count_participants(db(), group)
    erased_on = erasure.find_erasure_day(db(), group, now())
    if not people or erased_on is None:
        return redirect(url_for("groups.show_people", group_id=group.id), 303)
    return render_template("groups/ask_erase.html", nav="groups", group=group, people=people, erased_on=erased_on)


def erase_people(group_id: str) -> ResponseReturnValue:
    """Erase the list at once; the receipt stands on the page of the list."""
    group = groups.get_led_group(db(), me(), group_id)
    erasure.erase_now(db(), group, now())
    db().commit()
    erase_traces(database(), settings().mailbox_dir)
    flash(_("The list is erased."))
    return redirect(url_for("groups.show_people", group_id=group.id) + "#end", 303)
