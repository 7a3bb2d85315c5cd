"""Check-in: the one page where participants say that they are here, without an account and without a name.

A press moves one counter. The cookie that it leaves is the same for everybody and makes this page say that the phone has
pressed already, nothing more. What was typed goes back to the one who typed it and nowhere else, above all in no log.
"""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from facilitator.attendance import service_room
from facilitator.attendance.rules_room import Answer
from facilitator.participant import service as participant
from facilitator.web.locale import language
from facilitator.web.login import public
from facilitator.web.request import db, now, settings

COOKIE = "here"
PRESSED = "1"
LONGEST_WORDS = 200

blueprint = Blueprint("here", __name__)


@blueprint.get("/here")
@public
def ask() -> ResponseReturnValue:
    """Ask for the words of the room, or say that this phone has pressed already."""
    if request.cookies.get(COOKIE) == PRESSED and "next" not in request.args:
        return _thank(again=True)
    return _ask()


@blueprint.post("/here")
@public
def check_in() -> ResponseReturnValue:
    """Take a press; whatever was answered, whoever sees only the reply cannot tell."""
    words, answer = request.form.get("words", "")[:LONGEST_WORDS], _answer()
    counted = service_room.check_in(db(), words, answer, now())
    db().commit()
    if not counted:
        return _ask(words, answer, wrong=True), HTTPStatus.UNPROCESSABLE_ENTITY
    response = redirect(url_for("here.thank"), 303)
    response.set_cookie(
        COOKIE, PRESSED, path="/here", secure=settings().secure_cookies, httponly=True, samesite="Strict"
    )
    return response


@blueprint.get("/here/done")
@public
def thank() -> ResponseReturnValue:
    """Say that nothing about anybody was kept."""
    return _thank(again=False)


def _answer() -> Answer:
    given = request.form.get("answer", "")
    return Answer(given) if given in set(Answer) else Answer.UNSAID


def _ask(words: str = "", answer: Answer = Answer.UNSAID, *, wrong: bool = False) -> str:
    help_block = participant.get_help(db(), language(), now().date())
    return render_template("participant/here.html", words=words, answer=answer, has_errors=wrong, help=help_block)


def _thank(*, again: bool) -> str:
    return render_template(
        "participant/here_done.html", again=again, help=participant.get_help(db(), language(), now().date())
    )
