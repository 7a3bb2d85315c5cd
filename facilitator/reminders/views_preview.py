"""Every message of a group as it is received, and a test of it to oneself."""

from datetime import timedelta
from email.utils import parseaddr

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from facilitator.groups import service as groups
from facilitator.groups.models import Group, Wording
from facilitator.mail.message import Letter
from facilitator.planning.models import GroupSession
from facilitator.reminders.health import check_delivery
from facilitator.reminders.letters import DATE_PATTERNS, render
from facilitator.reminders.rules import MessageKind
from facilitator.reminders.samples import sample_facts
from facilitator.reminders.service_trial import (
    MADE_UP_AHEAD,
    MOST_TESTS,
    PER,
    find_next_session,
    is_on_its_way,
    kind_of_test,
    list_tests,
    plan_test,
)
from facilitator.web.login import me
from facilitator.web.request import db, now, settings

KINDS = tuple(kind for kind in MessageKind if kind is not MessageKind.TEST)
SCREEN_LETTERS = 90  # about as much as a locked screen shows of the text
TRY_FOR = timedelta(minutes=2)  # a page that was left open does not ask for ever


def register(blueprint: Blueprint) -> None:
    """Add the pages to the blueprint."""
    blueprint.get("/groups/<group_id>/reminders/preview")(show_preview)
    blueprint.post("/groups/<group_id>/reminders/preview")(send_test)


def show_preview(group_id: str) -> ResponseReturnValue:
    """Show one message of a group as it is received, and what became of the last test."""
    group = groups.get_group(db(), me(), group_id)
    session = find_next_session(db(), group, now())
    kind, wording = chosen_kind(), chosen_wording()
    tests = list_tests(db(), me(), now())
    language = chosen_language(group)
    letter = preview_letter(group, session, kind, wording, language)
    name, address = parseaddr(settings().mail_from)
    return render_template(
        "reminders/show_preview.html",
        nav="reminders",
        group=group,
        session=session,
        kinds=KINDS,
        kind=kind,
        wording=wording,
        language=language,
        letter=letter,
        screen_line=_on_screen(letter),
        sender_name=name,
        sender_address=address,
        test=tests[0] if tests else None,
        kind_of_test=kind_of_test(tests[0]) if tests else None,
        is_moving=bool(tests) and is_on_its_way(tests[0]) and tests[0].planned_at > now() - TRY_FOR,
        next_test_at=tests[-1].planned_at + PER if len(tests) >= MOST_TESTS else None,
        health=check_delivery(db(), now(), me=me()),
        me=me(),
        now=now(),
    )


def send_test(group_id: str) -> ResponseReturnValue:
    """Plan a test of the message that is shown, to one's own address."""
    group = groups.get_group(db(), me(), group_id)
    kind, wording = chosen_kind(), chosen_wording()
    plan_test(db(), me(), group, kind=kind, wording=wording, now=now())
    db().commit()
    return redirect(url_for("reminders.show_preview", group_id=group.id, kind=kind, wording=wording) + "#test", 303)


def chosen_wording() -> Wording:
    """Return the wording that the address names, or the one where everybody starts."""
    wording = request.args.get("wording", "")
    return Wording(wording) if wording in set(Wording) else Wording.VAGUE


def chosen_kind() -> MessageKind:
    """Return the kind of message that the address names, or a reminder."""
    kind = request.args.get("kind", "")
    return MessageKind(kind) if kind in KINDS else MessageKind.REMINDER


def chosen_language(group: Group) -> str:
    """Return the language that the address names, or the group's."""
    language = request.args.get("language", "")
    return language if language in DATE_PATTERNS else group.language


def preview_letter(
    group: Group, session: GroupSession | None, kind: MessageKind, wording: Wording, language: str
) -> Letter:
    """Return a message as somebody of the group would get it; its links open nothing."""
    base_url = settings().base_url
    return render(
        sample_facts(
            kind=kind,
            wording=wording,
            language=language,
            starts_at=session.starts_at if session else now() + MADE_UP_AHEAD,
            zone=session.zone if session else group.zone,
            about=session or group,
            links=(f"{base_url}/m/…", f"{base_url}/s/…"),
            sender_name=parseaddr(settings().mail_from)[0],
        )
    )


def _on_screen(letter: Letter) -> str:
    """Return what a locked screen shows under the subject: the beginning of the text on one line."""
    words = " ".join(letter.text.split())
    return words if len(words) <= SCREEN_LETTERS else words[:SCREEN_LETTERS].rsplit(" ", 1)[0] + " …"
