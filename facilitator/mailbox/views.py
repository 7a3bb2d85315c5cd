"""The local mailbox of the demonstration: every message that was sent, as it was received.

Recipients are masked on screen; the source shows a message as it is, since everybody in a demonstration is made up.
"""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.errors import NotFound
from facilitator.mail import mailbox
from facilitator.mailbox.rules import check_message
from facilitator.web.request import settings

VIEWS = ("text", "source")
SHOWN_HEADERS = ("From", "To", "Subject", "Date", "List-Unsubscribe", "List-Unsubscribe-Post", "Message-ID")
ADDRESS_HEADERS = frozenset({"To", "Delivered-To"})
# the part is shown as the stranger's text that it is: no script, no origin, nothing loaded
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'"

blueprint = Blueprint("mailbox", __name__)


@blueprint.get("/mailbox")
def show_mailbox() -> ResponseReturnValue:
    """Show the newest messages, and the first of them."""
    messages = mailbox.list_messages(settings().mailbox_dir)
    return _show(messages[0].id if messages else None)


@blueprint.get("/mailbox/<message_id>")
def show_message(message_id: str) -> ResponseReturnValue:
    """Show one message beside the list."""
    return _show(message_id)


@blueprint.get("/mailbox/<message_id>/html")
def show_html(message_id: str) -> ResponseReturnValue:
    """Show the HTML part of a message on a page of its own, closed off from this one."""
    message = mailbox.read_message(settings().mailbox_dir, message_id)
    if not message.html:
        raise NotFound
    return Response(message.html, mimetype="text/html", headers={"Content-Security-Policy": SANDBOX})


@blueprint.post("/mailbox")
def change_mailbox() -> ResponseReturnValue:
    """Have the next send fail or not, or clear the mailbox."""
    folder, wish = settings().mailbox_dir, request.form.get("do", "")
    if wish == "clear":
        mailbox.clear(folder)
        flash(_("The mailbox is empty."))
    elif wish == "fail":
        fail = not mailbox.is_fail_next(folder)
        mailbox.set_fail_next(folder, fail=fail)
        flash(_("The next message will be refused once.") if fail else _("The next message will be taken."))
    return redirect(url_for("mailbox.show_mailbox"), 303)


def _show(message_id: str | None) -> str:
    folder = settings().mailbox_dir
    message = mailbox.read_message(folder, message_id) if message_id else None
    view = request.args.get("view", VIEWS[0])
    return render_template(
        "mailbox/show_mailbox.html",
        nav="mailbox",
        messages=mailbox.list_messages(folder),
        message=message,
        headers=_headers(message) if message else (),
        checks=check_message(message.headers, message.html, message.source) if message else {},
        view=view if view in VIEWS else VIEWS[0],
        fail_next=mailbox.is_fail_next(folder),
    )


def _headers(message: mailbox.ReceivedMessage) -> list[tuple[str, str]]:
    named = dict(message.headers)
    return [
        (name, mailbox.mask_address(named[name]) if name in ADDRESS_HEADERS else named[name])
        for name in SHOWN_HEADERS
        if name in named
    ]
