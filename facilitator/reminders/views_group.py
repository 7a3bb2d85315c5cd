"""The reminders of one group: its rules, its messages, its pause, and how a reminder reads."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.errors import Invalid
from facilitator.groups import service as groups
from facilitator.groups.models import Group
from facilitator.groups.service import GroupDetails
from facilitator.reminders import service as reminders
from facilitator.reminders.forms import RulesForm
from facilitator.reminders.ledger import list_occasions
from facilitator.reminders.ledger_personal import list_personal
from facilitator.reminders.lines import list_lines
from facilitator.reminders.rules import MessageKind
from facilitator.reminders.service_trial import find_next_session
from facilitator.reminders.views_preview import chosen_wording, preview_letter
from facilitator.web.login import me
from facilitator.web.request import db, now, settings


def register(blueprint: Blueprint) -> None:
    """Add the pages to the blueprint."""
    blueprint.get("/groups/<group_id>/reminders")(show_group)
    blueprint.post("/groups/<group_id>/reminders")(change_rules)
    blueprint.post("/groups/<group_id>/reminders/pause")(pause_group)


def show_group(group_id: str) -> ResponseReturnValue:
    """Show the rules, the messages and a preview of one group."""
    details = groups.get_details(db(), me(), group_id, now().date())
    return _show_group(details, _form_of(details.group))


def change_rules(group_id: str) -> ResponseReturnValue:
    """Change when the group's people are reminded, and whether a few words come after."""
    details = groups.get_details(db(), me(), group_id, now().date())
    group = details.group
    form = _form_of(group)
    try:
        if not form.validate():
            return _show_group(details, form), 422
        followed = reminders.change_rules(db(), group, form.leads(), now())
    except Invalid as problem:
        form.second_lead.errors = [problem.message]
        return _show_group(details, form), 422
    reminders.choose_aftercare(db(), group, wanted=form.aftercare.data)
    db().commit()
    flash(
        _(
            "Saved. %(planned)s messages were planned and %(withdrawn)s withdrawn.",
            planned=followed.planned,
            withdrawn=followed.withdrawn,
        )
    )
    return redirect(url_for("reminders.show_group", group_id=group.id), 303)


def pause_group(group_id: str) -> ResponseReturnValue:
    """Hold back the messages of one group, or let them go again."""
    group = groups.get_group(db(), me(), group_id)
    if group.reminders_paused_at:
        reminders.resume_group(db(), group)
        flash(_("Messages of this group go out again."))
    else:
        reminders.pause_group(db(), group, now())
        flash(_("Messages of this group are held back. Nothing was deleted."))
    db().commit()
    return redirect(url_for("reminders.show_group", group_id=group.id), 303)


def _form_of(group: Group) -> RulesForm:
    return RulesForm.of(reminders.list_rules(db(), group), aftercare=group.aftercare)


def _show_group(details: GroupDetails, form: RulesForm) -> str:
    group, wording = details.group, chosen_wording()
    return render_template(
        "reminders/show_group.html",
        nav="reminders",
        group=group,
        form=form,
        has_errors=bool(form.errors),
        details=details,
        lines=list_lines(db(), [group.id], now()),
        coming=list_occasions(db(), [group.id], coming=True),
        past=list_occasions(db(), [group.id], coming=False),
        personal=list_personal(db(), [group.id]),
        wording=wording,
        preview=preview_letter(
            group, find_next_session(db(), group, now()), MessageKind.REMINDER, wording, group.language
        ),
        mail_from=settings().mail_from,
        now=now(),
    )
