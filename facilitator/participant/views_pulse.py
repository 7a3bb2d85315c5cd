"""The four questions after a session: no name, no text to write, one shared link, and the same thanks for everybody."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.attendance import service_pulse
from facilitator.attendance.rules_pulse import Answer, Question, is_asked
from facilitator.curriculum.editions import edition
from facilitator.curriculum.scripts import Pulse
from facilitator.errors import Conflict
from facilitator.groups import service as groups
from facilitator.participant import service as participant
from facilitator.participant.service import Help
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.web.login import public
from facilitator.web.origin import refuse_other_sites
from facilitator.web.request import db, now


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPage:
    """The four questions after a session, the same for everybody.

    Args:
        list_size: how many people are on the list, which bounds how often the answers may be sent.
    """

    session_id: str
    list_size: int
    pulse: Pulse
    help: Help


def register(blueprint: Blueprint) -> None:
    """Add the pages of the questions."""
    blueprint.get("/s/<token>/pulse")(ask_pulse)
    blueprint.post("/s/<token>/pulse")(send_pulse)
    blueprint.get("/s/<token>/pulse/thanks")(thank_for_pulse)


@public
def ask_pulse(token: str) -> str:
    """Ask how the session was."""
    page = _get_asked(token)
    return render_template("participant/pulse.html", page=page, token=token, answers=list(Answer))


@public
def send_pulse(token: str) -> ResponseReturnValue:
    """Count what was answered; whatever it was, the reply is the same."""
    refuse_other_sites()
    page = _get_asked(token)
    service_pulse.record(db(), page.session_id, _answers(), page.list_size)
    db().commit()
    return redirect(url_for("participant.thank_for_pulse", token=token), 303)


@public
def thank_for_pulse(token: str) -> str:
    """Thank, and show everybody where to find help."""
    page = _get_asked(token)
    return render_template("participant/pulse_thanks.html", page=page, token=token)


def is_open(session: GroupSession, now: datetime) -> bool:
    """Tell whether the questions about a session are open; of one that was not held nothing is asked."""
    stands = session.status != SessionStatus.CANCELLED and not session.not_held
    return stands and is_asked(session.ends_at, now)


def _get_asked(token: str) -> AskedPage:
    session, group = participant.get_session(db(), token, now())
    if not is_open(session, now()):
        raise Conflict(_("The questions open 10 minutes before the end of a meeting, for 24 hours."))
    return AskedPage(
        session_id=session.id,
        list_size=groups.count_participants(db(), group),
        pulse=edition(db(), group.language).pulse,
        help=participant.get_help(db(), group.language, now().date(), group.country),
    )


def _answers() -> dict[Question, Answer]:
    given = {question: request.form.get(question, "") for question in Question}
    return {question: Answer(answer) for question, answer in given.items() if answer in set(Answer)}
