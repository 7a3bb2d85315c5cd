"""The first page: what is next, what needs a decision, the week, one light for delivery."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from facilitator.groups import service as groups
from facilitator.reminders.health import check_delivery
from facilitator.times import get_zone, to_local
from facilitator.today.service import show_day
from facilitator.web.login import me
from facilitator.web.request import db, now

blueprint = Blueprint("today", __name__)


@blueprint.get("/")
def show_today() -> ResponseReturnValue:
    """Show the day."""
    mine = groups.list_own(db(), me())
    return render_template(
        "today/show_today.html",
        nav="today",
        groups=mine,
        day=show_day(db(), me(), [group.id for group in mine], now()),
        health=check_delivery(db(), now(), me=me()),
        local_now=to_local(now(), get_zone(me().zone)),
        now=now(),
        me=me(),
    )
