"""The calendar as a month or as a list."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from facilitator.calendar.rules import list_weeks, parse_month, step_month
from facilitator.calendar.service import show_months
from facilitator.times import get_zone, to_local
from facilitator.web.login import me
from facilitator.web.request import db, now

blueprint = Blueprint("calendar", __name__)
LISTED = 3  # months in the list


@blueprint.get("/calendar")
def show_calendar() -> ResponseReturnValue:
    """Show a month, or the sessions of three months one beneath the other; what is no month shows the present one."""
    today = to_local(now(), get_zone(me().zone)).date()
    month = parse_month(request.args.get("month", ""), today)
    view = "list" if request.args.get("view") == "list" else "month"
    group_id = request.args.get("group", "")
    months = show_months(db(), me(), month, LISTED if view == "list" else 1, group_id)
    locale = get_locale()
    return render_template(
        "calendar/show_calendar.html",
        nav="calendar",
        month=month,
        before=step_month(month, -1),
        after=step_month(month, 1),
        view=view,
        months=months,
        weeks=list_weeks(month, locale.first_week_day if locale else 0),
        listed=[step_month(month, at) for at in range(LISTED)],
        chosen=group_id if any(group.id == group_id for group in months.groups) else "",
        today=today,
        me=me(),
    )
