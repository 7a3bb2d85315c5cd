"""The reports of those who lead: all one's groups at a glance, one of them in full, and its figures as a file."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.accounts.models import Role
from facilitator.curriculum.rules import Focus, Pole, SubBind
from facilitator.curriculum.service import SOURCE_LANGUAGE, catalogue
from facilitator.errors import Invalid, NotFound
from facilitator.groups import service as groups
from facilitator.groups.models import Group
from facilitator.planning import queries as planning
from facilitator.planning.coverage import load_coverage
from facilitator.planning.models import Series
from facilitator.planning.rules_coverage import By, Count, Grid
from facilitator.reports import service as reports
from facilitator.reports.focuses import FocusMean, list_focus_means
from facilitator.reports.forms import ReportForm
from facilitator.reports.practice import read_timing
from facilitator.reports.published import Scope
from facilitator.reports.pulse import read_pulse
from facilitator.reports.rules_period import Period
from facilitator.reports.service import EVERY_DAY, Trend
from facilitator.reports.table import csv_bytes
from facilitator.reports.views_published import register
from facilitator.reports.wording import period_words, question_words
from facilitator.times import get_zone, to_local
from facilitator.web.login import me
from facilitator.web.request import db, now

blueprint = Blueprint("reports", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusLine:
    """How often one focus was met, and how many came.

    Args:
        came: the sessions held with this focus, and their mean where it is shown.
        used: prompts used in the room, by pole.
        skipped: prompts skipped in the room.
        open: prompts that are planned, or of which nobody said what became of them.
    """

    focus: Focus
    came: FocusMean
    used: dict[Pole, int]
    skipped: int
    open: int


@blueprint.get("/reports")
def show_reports() -> ResponseReturnValue:
    """Show the key figures of every group of one's own."""
    form = ReportForm.of(request.args)
    period = _find_period(form)
    own = groups.list_own(db(), me())
    page = render_template(
        "reports/show_reports.html",
        nav="reports",
        form=form,
        trends=reports.list_trends(db(), own, period) if period else [],
        has_groups=bool(own),
        is_admin=me().role == Role.ADMIN,
        period_words=period_words(period) if period else "",
        has_errors=period is None,
    )
    return page, 200 if period else 422


@blueprint.get("/reports/groups/<group_id>")
def show_group(group_id: str) -> ResponseReturnValue:
    """Show the figures of one group, or of one of its series, in a period."""
    group = groups.get_group(db(), me(), group_id)
    every = planning.list_series(db(), group)
    series = _pick(every)
    form = ReportForm.of(request.args, every)
    period = _find_period(form)
    shown = period or EVERY_DAY
    trend = reports.attendance_trend(db(), group, series, shown)
    scope = Scope(group_ids=(group.id,), series=series)
    rule = catalogue(SOURCE_LANGUAGE).pulse.decision_rule  # the same in every language
    reading = read_pulse(db(), scope, shown, rule, now())
    page = render_template(
        "reports/show_group.html",
        nav="reports",
        form=form,
        group=group,
        trend=trend,
        series=series,
        asked={"series": series.id} | form.asked if series else form.asked,
        period_words=period_words(shown),
        from_the_start=shown.is_open and (series is not None or len(every) == 1),
        coverage=_focus_lines(trend, _load_prompts(group, series, shown)),
        together=list_focus_means(trend.lines)[1],
        poles=list(Pole),
        timing=read_timing(db(), scope, shown),
        gentler=reading.is_gentler_proposed,
        pulse=[(question_words(each.question), each) for each in reading.figures],
        has_errors=period is None,
    )
    return page, 200 if period else 422


@blueprint.get("/reports/groups/<group_id>.csv")
def download_group(group_id: str) -> ResponseReturnValue:
    """Hand over the figures of one group, or of one of its series, in a period, as a file."""
    group = groups.get_group(db(), me(), group_id)
    every = planning.list_series(db(), group)
    period = _find_period(ReportForm.of(request.args, every))
    if period is None:
        raise Invalid(_("These dates cannot be read. Go back and choose them again."))
    content = csv_bytes(reports.attendance_trend(db(), group, _pick(every), period))
    # a name that says nothing to whoever looks at the folder of downloads
    headers = {"Content-Disposition": 'attachment; filename="sessions.csv"'}
    return Response(content, mimetype="text/csv", headers=headers)


def _pick(every: Sequence[Series]) -> Series | None:
    wanted = request.args.get("series", "")
    found = next((each for each in every if each.id == wanted), None)
    if wanted and found is None:
        raise NotFound
    return found


def _find_period(form: ReportForm) -> Period | None:
    """Return the days that the address asks for, or None where they cannot be read."""
    return form.find_period(to_local(now(), get_zone(me().zone)).date()) if form.validate() else None


def _load_prompts(group: Group, series: Series | None, period: Period) -> Grid:
    found = load_coverage(db(), group, now(), series=series, from_on=period.first_on, until_on=period.last_on)
    return found.grids[By.POLE]


def _focus_lines(trend: Trend, grid: Grid) -> list[FocusLine]:
    means, _total = list_focus_means(trend.lines)
    return [
        FocusLine(
            focus=focus,
            came=means[focus],
            used={pole: count.used for pole, count in _row(grid, focus).items()},
            skipped=sum(count.skipped for count in _row(grid, focus).values()),
            open=sum(count.planned for count in _row(grid, focus).values()),
        )
        for focus in Focus
        if means[focus].held or any(count != Count() for count in _row(grid, focus).values())
    ]


def _row(grid: Grid, focus: Focus) -> dict[Pole, Count]:
    """Return the prompts of a focus by pole; sessions that weave all four have no prompts of their own."""
    if focus is Focus.WEAVING:
        return dict.fromkeys(Pole, Count())
    return {pole: grid.counts[SubBind(focus), pole] for pole in Pole}


register(blueprint)
