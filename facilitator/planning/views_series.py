"""One series at a glance on a page of its own; the one under way stands on the page of its group."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from facilitator.planning import service
from facilitator.planning.series_card import series_card
from facilitator.web.login import me
from facilitator.web.request import db, now


def register(blueprint: Blueprint) -> None:
    """Add the route of a series."""
    blueprint.get("/series/<series_id>")(show_series)


def show_series(series_id: str) -> ResponseReturnValue:
    """Show the timeline and the coverage of one series."""
    series, group = service.get_series(db(), me(), series_id)
    card = series_card(db(), group, series, now())
    return render_template("planning/show_series.html", nav="groups", group=group, card=card, now=now())
