"""The reminders pages: health, what is coming, the ledger by occasion, and the messages that wait for a person."""

from datetime import datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.errors import Invalid
from facilitator.groups import service as groups
from facilitator.groups.models import Group, Wording
from facilitator.groups.service import GroupDetails
from facilitator.mail.message import Letter
from facilitator.planning import queries as planning
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders import service as reminders
from facilitator.reminders.forms import RulesForm
from facilitator.reminders.health import DeliveryHealth, check_delivery, count_states
from facilitator.reminders.ledger import list_occasions, list_waiting
from facilitator.reminders.letters import LetterFacts, render
from facilitator.reminders.lines import list_lines
from facilitator.reminders.rules import MessageKind
from facilitator.times import get_zone
from facilitator.web.login import me, public
from facilitator.web.request import db, now, settings

blueprint = Blueprint("reminders", __name__)
LARGEST_ID = 2**63 - 1
LAST_PAGE = 10_000  # further than any ledger reaches; a longer number would not fit the database
PREVIEW_AHEAD = timedelta(days=60)
SCHEDULED = SessionStatus.SCHEDULED


@blueprint.get("/reminders")
def show_reminders() -> ResponseReturnValue:
    """Show the health of delivery and the messages of all one's groups."""
    mine = groups.list_own(db(), me())
    ids = [group.id for group in mine]
    page = min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
    return render_template(
        "reminders/show_reminders.html",
        nav="reminders",
        groups=mine,
        health=check_delivery(db(), now()),
        waiting=list_waiting(db(), ids),
        lines=list_lines(db(), ids, now()),
        coming=list_occasions(db(), ids, coming=True),
        past=list_occasions(db(), ids, coming=False, page=page),
        page=page,
        now=now(),
    )


@blueprint.get("/groups/<group_id>/reminders")
def show_group(group_id: str) -> ResponseReturnValue:
    """Show the rules, the messages and a preview of one group."""
    details = groups.get_details(db(), me(), group_id)
    return _show_group(details, RulesForm.of(reminders.list_rules(db(), details.group)))


@blueprint.post("/groups/<group_id>/reminders")
def change_rules(group_id: str) -> ResponseReturnValue:
    """Change when the group's people are reminded."""
    details = groups.get_details(db(), me(), group_id)
    group = details.group
    form = RulesForm.of(reminders.list_rules(db(), group))
    try:
        if not form.validate():
            return _show_group(details, form), 422
        followed = reminders.change_rules(db(), group, form.leads(), now())
    except Invalid as problem:
        form.second_lead.errors = [problem.message]
        return _show_group(details, form), 422
    db().commit()
    flash(
        _(
            "Saved. %(planned)s messages were planned and %(withdrawn)s withdrawn.",
            planned=followed.planned,
            withdrawn=followed.withdrawn,
        )
    )
    return redirect(url_for("reminders.show_group", group_id=group.id), 303)


@blueprint.post("/groups/<group_id>/reminders/pause")
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


@blueprint.post("/reminders/pause")
def pause_all() -> ResponseReturnValue:
    """Hold back every message of this installation, or let them go again."""
    if reminders.is_all_paused(db()):
        reminders.resume_all(db())
        flash(_("Messages go out again."))
    else:
        reminders.pause_all(db(), now())
        flash(_("All messages are held back. Nothing was deleted."))
    db().commit()
    return redirect(url_for("reminders.show_reminders"), 303)


@blueprint.post(f"/reminders/messages/<int(max={LARGEST_ID}):message_id>")
def decide(message_id: int) -> ResponseReturnValue:
    """Take a person's decision on a message that waits for one."""
    send = request.form.get("do") == "again"
    reminders.decide_held(db(), me(), message_id, send=send, now=now())
    db().commit()
    flash(_("It is sent once more.") if send else _("It is left unsent."))
    return redirect(url_for("reminders.show_reminders"), 303)


@blueprint.get("/health/delivery")
@public
def report_health() -> ResponseReturnValue:
    """Answer a monitor: 200 while delivery keeps its word, 503 with codes when it does not."""
    health = check_delivery(db(), now())
    return _health_values(health), 200 if health.ok else 503


def _health_values(health: DeliveryHealth) -> dict[str, object]:
    return {
        "ok": health.ok,
        "problems": list(health.problems),
        "oldest_due_s": round(health.oldest_due.total_seconds()),
        "messages": count_states(db()),
        "held": health.held,
        "paused": health.paused,
        "ticks": {tick.name: tick.finished_at and tick.finished_at.isoformat() for tick in health.ticks},
    }


def _show_group(details: GroupDetails, form: RulesForm) -> str:
    group = details.group
    session = _next_session(group)
    wording = request.args.get("wording", Wording.VAGUE)
    wording = wording if wording in set(Wording) else Wording.VAGUE
    start = session.starts_at if session else now() + timedelta(days=2)
    return render_template(
        "reminders/show_group.html",
        nav="reminders",
        group=group,
        form=form,
        has_errors=bool(form.errors),
        people=details.people,
        waiting=list_waiting(db(), [group.id]),
        lines=list_lines(db(), [group.id], now()),
        coming=list_occasions(db(), [group.id], coming=True),
        past=list_occasions(db(), [group.id], coming=False),
        wording=wording,
        preview=_preview(group, Wording(wording), start),
        mail_from=settings().mail_from,
        now=now(),
    )


def _next_session(group: Group) -> GroupSession | None:
    coming = planning.upcoming(db(), me(), now(), now() + PREVIEW_AHEAD)
    return next((session for session, its in coming if its.id == group.id and session.status == SCHEDULED), None)


def _preview(group: Group, wording: Wording, starts_at: datetime) -> Letter:
    base_url = settings().base_url
    return render(
        LetterFacts(
            kind=MessageKind.REMINDER,
            wording=wording,
            language=group.language,
            local_start=starts_at.astimezone(get_zone(group.zone)),
            minutes=group.minutes,
            stop_link=f"{base_url}/m/…",
            page_link=f"{base_url}/s/…",
            place=group.place,
            link=group.link,
        )
    )
