"""The hub of the library: what there is of each kind, how far its review has come, and the ways in and out."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from facilitator.library import views_exchange, views_review
from facilitator.library.queries import count_shelves
from facilitator.web.locale import language
from facilitator.web.request import db

blueprint = Blueprint("library", __name__, url_prefix="/library")
views_review.register(blueprint)
views_exchange.register(blueprint)


@blueprint.get("")
def show_library() -> ResponseReturnValue:
    """Show the shelves with their counts."""
    return render_template("library/show_library.html", nav="prompts", shelves=count_shelves(db(), language()))
