"""The crisis card as a file: what to do when somebody is in danger, whom to call, how to slow a room down."""

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.curriculum import editions
from facilitator.curriculum.catalogue import ANYWHERE, Catalogue
from facilitator.curriculum.materials import HelpLine
from facilitator.curriculum.scripts import Scripts
from facilitator.groups import service as groups
from facilitator.library.forms_shelves import list_help_countries
from facilitator.paper.views_pdf import hand_over, wants_large
from facilitator.web.filters import day_with_year
from facilitator.web.locale import language
from facilitator.web.login import me
from facilitator.web.request import db

MOST_EXERCISES = 2


def register(blueprint: Blueprint) -> None:
    """Add the route of the card."""
    blueprint.get("/crisis-card.pdf")(download_crisis_card)


def download_crisis_card() -> ResponseReturnValue:
    """Hand the crisis card over as a PDF, with the help lines of the countries of one's groups."""
    edition = editions.edition(db(), language())
    countries = sorted({group.country for group in groups.list_own(db(), me())}) or [ANYWHERE]
    return hand_over("crisis_card", _card(edition, countries), "crisis-card")


def _card(edition: Catalogue, countries: list[str]) -> dict[str, Any]:
    card, scripts = edition.scripts.crisis_card, edition.scripts
    return {
        "lang": language(),
        "spoken": edition.language,
        "large": wants_large(),
        "title": card.title,
        "note": card.note,
        "help": {"title": _("Help now"), "intro": edition.help.intro, "places": _places(edition, countries)},
        "steps": {
            "title": _("If someone may be in danger"),
            "list": [{"title": step.title, "words": step.text} for step in card.steps],
            "notes": [card.online_note, card.alone_note],
        },
        "slow": {
            "title": scripts.slow_down.title,
            "steps": scripts.slow_down.steps,
            "after": scripts.slow_down.after,
        },
        "say": {"title": _("What to say"), "list": _scripts(scripts)},
        "signs": {"title": _("Signs to slow down"), "list": _signs(scripts), "note": scripts.signs.note},
        "steady": {"title": _("To steady a room"), "list": _exercises(edition)},
    }


def _places(edition: Catalogue, countries: list[str]) -> list[dict[str, Any]]:
    names = dict(list_help_countries())
    return [
        {"name": str(names.get(country, country)), "lines": [_line(line) for line in edition.help_lines(country)]}
        for country in countries
    ]


def _line(line: HelpLine) -> dict[str, str]:
    """Return a help line with everything that helps to reach it, and since when it is known to be right."""
    checked = (
        _("Checked on %(day)s.", day=day_with_year(line.last_verified_on))
        if line.last_verified_on
        else _("Not checked yet. Compare it with the provider’s own page.")
    )
    ways = ", ".join(filter(None, (line.hours, _("text %(words)s", words=line.text) if line.text else "")))
    return {"label": line.label, "call": line.phone or line.url, "more": f"{ways}. {checked}" if ways else checked}


def _scripts(scripts: Scripts) -> list[dict[str, str]]:
    return [
        {"situation": script.situation, "say": f"“{script.say}”", "then": script.then}
        for script in scripts.slow_down_scripts
    ]


def _signs(scripts: Scripts) -> list[dict[str, Any]]:
    signs = scripts.signs
    found = (
        (_("Too much"), signs.too_much),
        (_("Too little"), signs.too_little),
        (_("The whole group"), signs.whole_group),
    )
    return [{"title": title, "signs": [sign.rstrip(".") for sign in listed]} for title, listed in found]


def _exercises(edition: Catalogue) -> list[dict[str, Any]]:
    return [
        {
            "name": f"{exercise.code} {exercise.name}",
            "steps": exercise.steps,
            "other": {"label": _("Or:"), "words": exercise.alternative},
        }
        for exercise in edition.crisis_exercises()[:MOST_EXERCISES]
    ]
