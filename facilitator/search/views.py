"""The search and the help sheet."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from facilitator.curriculum.service import SOURCE_LANGUAGE, editions
from facilitator.search.service import LONGEST, find_everything
from facilitator.web.filters import day_with_year
from facilitator.web.locale import language
from facilitator.web.login import me
from facilitator.web.request import db, now

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """Show what was found, or where to type."""
    asked = request.args.get("q", "").strip()[:LONGEST]
    edition = language() if language() in editions() else SOURCE_LANGUAGE
    found = find_everything(db(), me(), asked, now(), language=edition, say_day=day_with_year)
    return render_template(
        "search/search.html", nav="search", asked=asked, found=found, edition=edition, me=me(), now=now()
    )


@blueprint.get("/help")
def show_help() -> ResponseReturnValue:
    """Show the keys, what each page is for, and the words that are used."""
    return render_template("search/help.html", nav="help")
