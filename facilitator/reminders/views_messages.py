"""What a person decides about messages: those that wait, and one more copy of what went out. Each page asks first."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from facilitator.errors import Conflict, NotFound
from facilitator.groups.models import Group
from facilitator.groups.service import get_group
from facilitator.planning.models import GroupSession
from facilitator.planning.service import get_session_with_group
from facilitator.reminders.ledger import MINUTE
from facilitator.reminders.rules import MessageKind
from facilitator.reminders.service import LONGEST_LEAD
from facilitator.reminders.service_again import count_again, resend
from facilitator.reminders.service_held import HeldKey, decide_held, list_held
from facilitator.web.login import me
from facilitator.web.request import db, now
from facilitator.web.seen import mark_of, refuse_changed

LONGEST_REASON = 40


def register(blueprint: Blueprint) -> None:
    """Add the pages to the blueprint."""
    blueprint.get("/sessions/<session_id>/messages/held")(ask_held)
    blueprint.post("/sessions/<session_id>/messages/held")(decide)
    blueprint.get("/groups/<group_id>/messages/held")(ask_held_beside)
    blueprint.post("/groups/<group_id>/messages/held")(decide_beside)
    blueprint.get("/sessions/<session_id>/messages/again")(ask_again)
    blueprint.post("/sessions/<session_id>/messages/again")(send_again)


def ask_held(session_id: str) -> ResponseReturnValue:
    """Ask before equal messages that wait go out once more, or stay unsent."""
    session, group = get_session_with_group(db(), me(), session_id)
    key = _held_key(session)
    address = url_for(
        "reminders.decide",
        session_id=session_id,
        kind=key.kind,
        lead=key.lead_minutes,
        reason=key.reason,
        do=request.args.get("do"),
    )
    return _ask_held(key, group, address)


def ask_held_beside(group_id: str) -> ResponseReturnValue:
    """Ask the same of messages to the people of a group as such."""
    group = get_group(db(), me(), group_id)
    key = HeldKey(about=group, kind=_kind())
    address = url_for("reminders.decide_beside", group_id=group_id, kind=key.kind, do=request.args.get("do"))
    return _ask_held(key, group, address)


def _ask_held(key: HeldKey, group: Group, address: str) -> str:
    ids = list_held(db(), key)
    if not ids:
        raise Conflict("These messages do not wait for you any more.")
    return render_template(
        "reminders/ask_held.html",
        nav="reminders",
        session=key.about if key.about is not group else None,
        group=group,
        address=address,
        key=key,
        lead=key.lead_minutes * MINUTE,
        count=len(ids),
        send=_wants_sent(),
        seen=mark_of(*ids),
        now=now(),
    )


def decide(session_id: str) -> ResponseReturnValue:
    """Take a person's decision on equal messages that wait for one."""
    session, _group = get_session_with_group(db(), me(), session_id)
    return _decide(_held_key(session))


def decide_beside(group_id: str) -> ResponseReturnValue:
    """Take a person's decision on messages to the people of a group as such."""
    return _decide(HeldKey(about=get_group(db(), me(), group_id), kind=_kind()))


def _decide(key: HeldKey) -> ResponseReturnValue:
    send = _wants_sent()
    ids = decide_held(db(), key, send=send, now=now())
    refuse_changed(*ids)
    db().commit()
    if send:
        flash(ngettext("%(num)s message is sent once more.", "%(num)s messages are sent once more.", len(ids)))
    else:
        flash(ngettext("%(num)s message is left unsent.", "%(num)s messages are left unsent.", len(ids)))
    return redirect(url_for("reminders.show_reminders"), 303)


def ask_again(session_id: str) -> ResponseReturnValue:
    """Say how many people get a message a second time, before it goes out."""
    session, group = get_session_with_group(db(), me(), session_id)
    kind, lead_minutes = _kind(), _lead_minutes()
    return render_template(
        "reminders/ask_again.html",
        nav="reminders",
        session=session,
        group=group,
        kind=kind,
        lead_minutes=lead_minutes,
        lead=lead_minutes * MINUTE,
        people=count_again(db(), me(), session_id, kind=kind, lead_minutes=lead_minutes, now=now()),
        now=now(),
    )


def send_again(session_id: str) -> ResponseReturnValue:
    """Send everybody who was sent a message one more copy."""
    people = resend(db(), me(), session_id, kind=_kind(), lead_minutes=_lead_minutes(), now=now())
    db().commit()
    flash(ngettext("It goes to %(num)s person once more.", "It goes to %(num)s people once more.", people))
    return redirect(url_for("reminders.show_reminders"), 303)


def _wants_sent() -> bool:
    return request.args.get("do") == "again"


def _held_key(session: GroupSession) -> HeldKey:
    return HeldKey(
        about=session,
        kind=_kind(),
        lead_minutes=_lead_minutes(),
        reason=request.args.get("reason", "")[:LONGEST_REASON],
    )


def _kind() -> MessageKind:
    kind = request.args.get("kind", MessageKind.REMINDER)
    if kind not in set(MessageKind) - {MessageKind.TEST}:
        raise NotFound
    return MessageKind(kind)


def _lead_minutes() -> int:
    minutes = request.args.get("lead", 0, type=int)
    if not 0 <= minutes <= LONGEST_LEAD // MINUTE:
        raise NotFound
    return minutes
