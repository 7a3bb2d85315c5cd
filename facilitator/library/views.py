"""The hub of the library: what there is of each kind, how far its review has come, and the ways in and out."""

from datetime import timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from facilitator.curriculum.editions import edition
from facilitator.library import views_editing, views_entries, views_exchange, views_paths, views_review
from facilitator.library.queries import count_shelves
from facilitator.library.review import may_review
from facilitator.library.wording import country_words
from facilitator.times import get_zone, to_local
from facilitator.web.locale import language
from facilitator.web.login import me
from facilitator.web.request import db, now

blueprint = Blueprint("library", __name__, url_prefix="/library")
views_review.register(blueprint)
views_exchange.register(blueprint)
views_entries.register(blueprint)
views_editing.register(blueprint)
views_paths.register(blueprint)
blueprint.add_app_template_filter(country_words)


@blueprint.get("")
def show_library() -> ResponseReturnValue:
    """Show the shelves with their counts, how far the review has come, and which help lines wait for a check."""
    allowed_age = timedelta(days=edition(db(), language()).help.warn_after_days)
    today = to_local(now(), get_zone(me().zone)).date()
    return render_template(
        "library/show_library.html",
        nav="prompts",
        shelves=count_shelves(db(), language(), today, allowed_age),
        allowed_days=allowed_age.days,
        can_edit=may_review(me()),
    )
