"""The pages behind a person's own link: the question at the beginning, the same asked again, and the settings.

Opening a page changes nothing, however often and by whomever it is opened; a press of a button does. No page says whose
it is, of what group, or what was before; nothing is mailed to confirm a press.
"""

from http import HTTPStatus

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from facilitator.errors import Invalid
from facilitator.groups import consent, people
from facilitator.groups.models import Participant
from facilitator.participant import service_messages as messages
from facilitator.participant.forms import Choices
from facilitator.participant.service_messages import MINUTE
from facilitator.reminders.returns import forget_unlisted
from facilitator.reminders.service import follow_group
from facilitator.reminders.traces import erase_traces
from facilitator.times import list_zones
from facilitator.web.locale import speak
from facilitator.web.login import public
from facilitator.web.origin import refuse_other_sites
from facilitator.web.request import database, db, now, settings

ONE_CLICK = "One-Click"  # RFC 8058 §3.1


def register(blueprint: Blueprint) -> None:
    """Add the pages of a person's own link."""
    blueprint.get("/m/<token>")(show_messages)
    blueprint.post("/m/<token>")(change_messages)
    blueprint.get("/m/<token>/confirm")(ask_confirm)
    blueprint.post("/m/<token>/confirm")(confirm)
    blueprint.get("/m/<token>/still")(ask_still)
    blueprint.post("/m/<token>/still")(answer_still)
    blueprint.get("/m/<token>/stop")(ask_stop)
    blueprint.post("/m/<token>/stop")(stop_messages)


@public
def show_messages(token: str) -> ResponseReturnValue:
    """Show the message settings; whoever has not answered the question is asked it first."""
    person = get_reader(token)
    if not person.consent_round:
        return redirect(url_for("participant.ask_confirm", token=token), 303)
    return _show_messages(token, person, Choices.of(person))


@public
def change_messages(token: str) -> ResponseReturnValue:
    """Take a wish about messages."""
    refuse_other_sites()
    person, wish = get_reader(token), request.form.get("do", "")
    if wish == "forget":
        return _forget(person)
    if wish == "renew":
        token = people.renew_settings_link(db(), person)
    elif wish == "save":
        try:
            _save(person)
        except Invalid as problem:
            db().rollback()
            typed = get_reader(token)
            return _show_messages(token, typed, Choices.of(typed), problem), HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        messages.change_state(db(), person, wish)
    _follow(person)
    db().commit()
    return redirect(url_for("participant.show_messages", token=token, saved="new" if wish == "renew" else 1), 303)


@public
def ask_confirm(token: str) -> ResponseReturnValue:
    """Ask whether this address is safe, and how to write to it; whoever has answered sees the settings."""
    person = get_reader(token)
    if person.consent_round:
        return redirect(url_for("participant.show_messages", token=token), 303)
    return _ask_confirm(token, person)


@public
def confirm(token: str) -> ResponseReturnValue:
    """Take the answer: yes with its choices, or no, which erases the address at once."""
    refuse_other_sites()
    person = get_reader(token)
    if request.form.get("do") == "no":
        return _forget(person)
    try:
        _save(person)
    except Invalid as problem:
        db().rollback()
        return _ask_confirm(token, get_reader(token), problem), HTTPStatus.UNPROCESSABLE_ENTITY
    _follow(person)
    db().commit()
    return redirect(url_for("participant.show_messages", token=token, saved=1), 303)


@public
def ask_still(token: str) -> ResponseReturnValue:
    """Ask whether it is still fine to write to this address."""
    person = get_reader(token)
    if not person.consent_round:
        return redirect(url_for("participant.ask_confirm", token=token), 303)
    return render_template("participant/still.html", token=token, help=messages.get_help_of(db(), person, now().date()))


@public
def answer_still(token: str) -> ResponseReturnValue:
    """Take the answer: everything stays as it is, messages stop, or the address is erased."""
    refuse_other_sites()
    person, wish = get_reader(token), request.form.get("do", "")
    if wish == "forget":
        return _forget(person)
    if wish == "yes":
        consent.reaffirm(db(), person)
    else:
        messages.change_state(db(), person, wish)
    _follow(person)
    db().commit()
    return redirect(url_for("participant.show_messages", token=token, saved=1), 303)


@public
def ask_stop(token: str) -> ResponseReturnValue:
    """Show one button: mail scanners open every link, so opening this one stops nothing."""
    person = get_reader(token)
    help_block = messages.get_help_of(db(), person, now().date())
    return render_template("participant/stop.html", token=token, state=person.state, help=help_block)


@public
def stop_messages(token: str) -> ResponseReturnValue:
    """Stop all messages, for the person or for their mail program (RFC 8058: no cookie, no redirect)."""
    one_click = request.form.get("List-Unsubscribe") == ONE_CLICK
    if not one_click:
        refuse_other_sites()
    messages.change_state(db(), messages.get_person(db(), token), "stop")
    db().commit()
    if one_click:
        return Response("Stopped.\n", mimetype="text/plain")
    return redirect(url_for("participant.ask_stop", token=token), 303)


def get_reader(token: str) -> Participant:
    """Return whose link it is, and speak their language from here on.

    Raises:
        NotFound: when the link is unknown or was renewed.
    """
    person = messages.get_person(db(), token)
    speak(messages.language_of(person, messages.get_group_of(db(), person)))
    return person


def _save(person: Participant) -> None:
    group = messages.get_group_of(db(), person)
    chosen = Choices.read(request.form, messages.list_leads(db(), group))
    consent.confirm(
        db(),
        person,
        wording=chosen.wording,
        zone=chosen.zone,
        language=chosen.language,
        leads=chosen.leads,
        days=chosen.days,
        quiet_from_time=chosen.quiet_from_time,
        quiet_to_time=chosen.quiet_to_time,
        now=now(),
    )


def _follow(person: Participant) -> None:
    follow_group(db(), messages.get_group_of(db(), person), now())


def _forget(person: Participant) -> ResponseReturnValue:
    group = messages.get_group_of(db(), person)
    people.remove_participant(db(), person)
    forget_unlisted(db())
    people.admit_next(db(), group)
    follow_group(db(), group, now())
    db().commit()
    erase_traces(database(), settings().mailbox_dir)
    return redirect(url_for("participant.show_erased"), 303)


def _ask_confirm(token: str, person: Participant, problem: Invalid | None = None) -> str:
    return render_template(
        "participant/confirm.html",
        token=token,
        waiting=bool(person.waiting),
        problem=problem,
        **_offer(person, Choices.of(person)),
    )


def _show_messages(token: str, person: Participant, chosen: Choices, problem: Invalid | None = None) -> str:
    return render_template(
        "participant/messages.html",
        token=token,
        state=person.state,
        waiting=bool(person.waiting),
        saved=request.args.get("saved", ""),
        problem=problem,
        **_offer(person, chosen),
    )


def _offer(person: Participant, chosen: Choices) -> dict[str, object]:
    """Return what both forms show: the choices, what there is to choose from, and whom anyone may call."""
    return {
        "chosen": chosen,
        "leads": [(lead, lead * MINUTE) for lead in messages.list_leads(db(), messages.get_group_of(db(), person))],
        "zones": list_zones(),
        "typed": request.form,
        "help": messages.get_help_of(db(), person, now().date()),
    }
