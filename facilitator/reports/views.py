"""The reports pages: all one's groups at a glance, the trend of one of them, and its figures as a file."""

from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from facilitator.curriculum.rules import Pole, SubBind
from facilitator.errors import NotFound
from facilitator.groups import service as groups
from facilitator.planning import queries as planning
from facilitator.planning.coverage import load_coverage
from facilitator.planning.rules_coverage import By, Grid
from facilitator.reports import service as reports
from facilitator.reports.service import Trend
from facilitator.reports.table import csv_bytes
from facilitator.web.login import me
from facilitator.web.request import db, now

blueprint = Blueprint("reports", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusLine:
    """How often one focus was met.

    Args:
        sessions: held with this focus.
        used: prompts used in the room, by pole.
        skipped: prompts skipped in the room.
        open: prompts that are planned, or of which nobody said what became of them.
    """

    focus: SubBind
    sessions: int
    used: dict[Pole, int]
    skipped: int
    open: int


@blueprint.get("/reports")
def show_reports() -> ResponseReturnValue:
    """Show the key figures of every group of one's own."""
    trends = reports.list_trends(db(), groups.list_own(db(), me()))
    return render_template("reports/show_reports.html", nav="reports", trends=trends)


@blueprint.get("/reports/groups/<group_id>")
def show_group(group_id: str) -> ResponseReturnValue:
    """Show the figures of one group, or of one of its series."""
    group = groups.get_group(db(), me(), group_id)
    every = planning.list_series(db(), group)
    wanted = request.args.get("series", "")
    series = next((each for each in every if each.id == wanted), None)
    if wanted and series is None:
        raise NotFound
    trend = reports.attendance_trend(db(), group, series)
    return render_template(
        "reports/show_group.html",
        nav="reports",
        group=group,
        trend=trend,
        every_series=every,
        series=series,
        coverage=_focus_lines(trend, load_coverage(db(), group, now(), series=series).grids[By.POLE]),
        poles=list(Pole),
    )


@blueprint.get("/reports/groups/<group_id>.csv")
def download_group(group_id: str) -> ResponseReturnValue:
    """Hand over the figures of one group as a file."""
    group = groups.get_group(db(), me(), group_id)
    content = csv_bytes(reports.attendance_trend(db(), group))
    # a name that says nothing to whoever looks at the folder of downloads
    headers = {"Content-Disposition": 'attachment; filename="sessions.csv"'}
    return Response(content, mimetype="text/csv", headers=headers)


def _focus_lines(trend: Trend, grid: Grid) -> list[FocusLine]:
    return [
        FocusLine(
            focus=focus,
            sessions=sum(line.held and line.session.focus == focus for line in trend.lines),
            used={pole: grid.counts[focus, pole].used for pole in Pole},
            skipped=sum(grid.counts[focus, pole].skipped for pole in Pole),
            open=sum(grid.counts[focus, pole].planned for pole in Pole),
        )
        for focus in SubBind
    ]
