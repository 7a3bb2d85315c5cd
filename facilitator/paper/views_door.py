"""What hangs or lies by the door: the check-in poster and the slips of paper. Neither says whom it is for.

A poster hangs for weeks and the words of a room hold for minutes, so a poster carries the address alone. The words of
slips are nowhere but on their page; that page sends them here to be typeset, and nothing keeps them on the way.
"""

from typing import Any

import segno
from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from markupsafe import Markup

from facilitator.attendance.rules_room import MOST_SLIPS, ON_SLIP
from facilitator.attendance.service_words import list_words
from facilitator.errors import Invalid
from facilitator.groups import service as groups
from facilitator.groups.models import Group
from facilitator.paper.views_pdf import hand_over, spoken_language, wants_large
from facilitator.planning import service as planning
from facilitator.web.login import me
from facilitator.web.request import db, settings


def register(blueprint: Blueprint) -> None:
    """Add the routes of the poster and of slips as a file."""
    blueprint.get("/groups/<group_id>/poster")(show_poster)
    blueprint.get("/groups/<group_id>/poster.pdf")(download_poster)
    blueprint.post("/sessions/<session_id>/check-in/slips.pdf")(download_slips)


def show_poster(group_id: str) -> ResponseReturnValue:
    """Show the check-in poster of a group for printing."""
    group = groups.get_group(db(), me(), group_id)
    sheet = _poster(group)
    # segno drew it: numbers alone
    picture = Markup(sheet["picture"])  # noqa: S704 - see above
    return render_template("paper/poster.html", group=group, sheet=sheet, picture=picture, large=wants_large())


def download_poster(group_id: str) -> ResponseReturnValue:
    """Hand the check-in poster of a group over as a PDF."""
    return hand_over("poster", _poster(groups.get_group(db(), me(), group_id)), "poster")


def download_slips(session_id: str) -> ResponseReturnValue:
    """Hand slips over as a PDF; posted, so that their words stand in no address and in no log."""
    _session, group = planning.get_session_with_group(db(), me(), session_id)
    slips = _read_slips(request.form.getlist("slip"), group.language)
    language = spoken_language(group)
    with force_locale(language):
        words = {
            "lang": language,
            "spoken": language,
            "title": _("Slips"),
            "line": _("Type these five words at %(address)s", address=_address()),
            "slips": slips,
        }
    return hand_over("slips", words, "slips")


def _read_slips(sent: list[str], language: str) -> list[str]:
    """Return slips as their page showed them.

    Raises:
        Invalid: when they are not words that slips are made of.
    """
    known = set(list_words(language))
    slips = [slip.split() for slip in sent]
    if not 1 <= len(slips) <= MOST_SLIPS or any(len(slip) != ON_SLIP or not known.issuperset(slip) for slip in slips):
        raise Invalid(_("These are not the words of slips. Go back to the screen to make new ones."))
    return [" ".join(slip) for slip in slips]


def _poster(group: Group) -> dict[str, Any]:
    """Return everything that stands on the poster, in words of the group's language."""
    language = spoken_language(group)
    with force_locale(language):
        return {
            "lang": language,
            "large": wants_large(),
            "title": _("Check in"),
            "address": _address(),
            "picture": _picture(),
            "alt": _("Code that opens check-in"),
            "steps": [
                _("Scan the code, or type the address."),
                _("Type the words that you are given in the room."),
                _("Press once."),
            ],
            "kept": [_("Only a number grows, and nothing says who pressed."), _("Nobody has to.")],
        }


def _picture() -> str:
    code = segno.make(settings().base_url + url_for("here.ask"), error="m", micro=False)
    # the border is part of the code: without it phones cannot read it
    return str(code.svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None))


def _address() -> str:
    return settings().base_url.partition("://")[2] + url_for("here.ask")
