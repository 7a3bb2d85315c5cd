"""The presses of the guide, what becomes of the test while one waits, and the page behind the link in it.

The page behind the link asks for no account, because mail is often read on another device. It says nothing of anybody,
and opening it changes nothing: mail programs open links by themselves.
"""

from collections.abc import Callable
from email.utils import parseaddr

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.accounts.forms import say_problem
from facilitator.accounts.models import GuideChoice
from facilitator.errors import Invalid
from facilitator.groups.models import Wording
from facilitator.reminders.health import check_delivery
from facilitator.reminders.rules import MessageKind
from facilitator.reminders.service_proof import get_asker, keep_proved, list_latest_tests, prove_by_digits
from facilitator.reminders.service_trial import plan_test
from facilitator.today.forms import DigitsForm
from facilitator.today.guide import Trial, choose, weigh_tests
from facilitator.web.locale import speak
from facilitator.web.login import me, public
from facilitator.web.request import db, now, settings


def register(blueprint: Blueprint, show_page: Callable[[DigitsForm], str]) -> None:
    """Add the routes of the guide.

    Args:
        blueprint: the one of the first page.
        show_page: shows the first page with what was typed into the guide.
    """

    def type_digits() -> ResponseReturnValue:
        """Take the digits from a test."""
        form = DigitsForm()
        try:
            if not form.validate():
                return show_page(form), 422
            prove_by_digits(db(), me(), form.typed, now())
        except Invalid as problem:
            say_problem(form, problem.message, problem.field)
            return show_page(form), 422
        db().commit()
        _tell()
        return redirect(url_for("today.show_today", _anchor="guide"), 303)

    blueprint.post("/guide")(change_guide)
    blueprint.get("/guide/test")(show_test)
    blueprint.post("/guide/test")(send_test)
    blueprint.post("/guide/digits")(type_digits)
    blueprint.get("/arrived/<message_uuid>/<token>")(ask_arrived)
    blueprint.post("/arrived/<message_uuid>/<token>")(note_arrived)


def change_guide() -> ResponseReturnValue:
    """Hide the guide, show it again, or leave the list of people for later."""
    wish = request.form.get("do", "")
    choose(me(), wish)
    db().commit()
    if wish == GuideChoice.HIDDEN:
        flash(_("The guide is hidden. The settings bring it back."))
    return redirect(url_for("today.show_today", _anchor=None if wish == GuideChoice.HIDDEN else "guide"), 303)


def send_test() -> ResponseReturnValue:
    """Plan a test to one's own address."""
    plan_test(db(), me(), None, kind=MessageKind.REMINDER, wording=Wording.VAGUE, now=now())
    db().commit()
    return redirect(url_for("today.show_today", _anchor="guide-mail"), 303)


def show_test() -> ResponseReturnValue:
    """Show where the last test stands; the guide looks here by itself and is read anew once the test has arrived."""
    if me().mail_proved_on and "HX-Request" in request.headers:
        _tell()
        return "", 204, {"HX-Refresh": "true"}
    trial = weigh_tests(list_latest_tests(db(), me()), now())
    return render_template("today/test.html", nav="today", **trial_words(trial))


def trial_words(trial: Trial | None) -> dict[str, object]:
    """Return what the words about a test are made of, the state of delivery among it."""
    return {
        "trial": trial,
        "health": check_delivery(db(), now(), me=me()),
        "sender": parseaddr(settings().mail_from)[1],
        "me": me(),
        "now": now(),
    }


def _tell() -> None:
    flash(_("The test has arrived. Reminders go the same way."))


@public
def ask_arrived(message_uuid: str, token: str) -> ResponseReturnValue:
    """Ask whoever opened the link in a test to press; where that was done, say so."""
    asker = get_asker(db(), message_uuid, token)
    speak(asker.language)
    return render_template("today/arrived.html", is_proved=asker.mail_proved_on is not None)


@public
def note_arrived(message_uuid: str, token: str) -> ResponseReturnValue:
    """Keep that the test arrived."""
    keep_proved(db(), get_asker(db(), message_uuid, token), now())
    db().commit()
    return redirect(url_for("today.ask_arrived", message_uuid=message_uuid, token=token), 303)
