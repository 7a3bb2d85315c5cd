"""The light of delivery that stands on every page of a facilitator: one sign and a few words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.exc import SQLAlchemyError

from facilitator.reminders.health import DeliveryHealth, check_delivery
from facilitator.web.login import find_me
from facilitator.web.request import db, now, undo

SILENT = frozenset({"", "unreachable", "connection_lost", "no_answer"})  # reasons of a server that said nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """What the light says.

    Args:
        ok: whether mail goes out and nothing waits.
        sign: which of the signs of states stands beside the words.
        words: the most pressing thing, in a few words.
    """

    ok: bool
    sign: str
    words: str


def register(blueprint: Blueprint) -> None:
    """Give the frame of the facilitator's pages its light; nothing is read until a page asks."""
    blueprint.app_context_processor(_frame)


def _frame() -> dict[str, Any]:
    return {"delivery_light": light}


def light(health: DeliveryHealth | None = None) -> Light | None:
    """Return the light, or None for a visitor and while the database does not answer.

    Args:
        health: what the page has read already, so that it is not read twice.
    """
    person = find_me()
    if person is None:
        return None
    try:
        with db().no_autoflush:  # a page about a mistake shows what was typed and keeps nothing of it
            return _say(health or check_delivery(db(), now(), me=person))
    except SQLAlchemyError:
        undo()
        return None


def _say(health: DeliveryHealth) -> Light:
    found: tuple[tuple[object, str, Callable[[], str]], ...] = (
        (health.is_silent, "no", lambda: _("Nobody sends: the worker is silent")),
        (health.paused, "stopped", lambda: _("Paused")),
        (health.breaker_open_since, "no", lambda: _server(health.server_reason)),
        ("messages_late" in health.problems, "no", lambda: _("Messages are late")),
        (health.problems, "no", lambda: _("Delivery is not as it should be")),
        (health.held, "ask", lambda: _waiting(health.held)),
        (health.undelivered, "ask", lambda: _undelivered(health.undelivered)),
    )
    for holds, sign, words in found:
        if holds:
            return Light(ok=False, sign=sign, words=words())
    return Light(ok=True, sign="ok", words=_("Mail goes out"))


def _server(reason: str) -> str:
    return str(_("The mail server does not answer") if reason in SILENT else _("The mail server takes no mail"))


def _undelivered(count: int) -> str:
    return str(ngettext("%(num)s message did not go out", "%(num)s messages did not go out", count))


def _waiting(held: int) -> str:
    return str(ngettext("%(num)s message waits for you", "%(num)s messages wait for you", held))
