"""The pages and files that may be handed on: the organisation's figures, and the funder's sheet."""

from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.accounts.models import Role
from facilitator.curriculum.rules import Focus, SubBind
from facilitator.errors import Invalid, NotFound
from facilitator.groups import service as groups
from facilitator.planning import queries as planning
from facilitator.planning.wording import date_words
from facilitator.reports import published
from facilitator.reports.forms import ReportForm
from facilitator.reports.practice import count_prompts, read_timing
from facilitator.reports.published import Published, Scope
from facilitator.reports.pulse import publish_pulse
from facilitator.reports.rules import Chart, Reading, chart
from facilitator.reports.rules_period import Period
from facilitator.reports.rules_published import Share, mean_by_focus, mean_people, mean_places, split_quarters
from facilitator.reports.table_published import published_csv
from facilitator.reports.wording import Line, period_words, quarter_words, say_lines, say_rules
from facilitator.times import get_zone, to_local
from facilitator.web.login import me
from facilitator.web.request import db, now


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What one report is about, and what it says.

    Args:
        about: in words.
        asked: the same as it stands in an address.
        period: None where the dates cannot be read.
    """

    form: ReportForm
    scope: Scope
    about: str
    asked: dict[str, str]
    period: Period | None
    found: Published | None
    lines: list[Line]


def register(blueprint: Blueprint) -> None:
    """Add the routes of what may be handed on."""
    blueprint.get("/reports/organisation")(show_organisation)
    blueprint.get("/reports/funder")(show_funder)
    blueprint.get("/reports/funder.csv")(download_funder)


def show_organisation() -> ResponseReturnValue:
    """Show totals over all groups to an admin, and over one's own groups to everybody else."""
    sheet = _open_sheet(chosen=False)
    found, period = sheet.found, sheet.period
    fine = found is not None and period is not None
    page = render_template(
        "reports/show_organisation.html",
        nav="reports",
        sheet=sheet,
        is_admin=_is_admin(),
        period_words=period_words(period) if period else "",
        rules=say_rules(),
        quarters=_list_quarters(found) if found else [],
        chart=_draw_quarters(found) if found else None,
        focuses=_list_focuses(found) if found else [],
        prompts=count_prompts(db(), sheet.scope, period) if period else {},
        sub_binds=list(SubBind),
        timing=read_timing(db(), sheet.scope, period) if period else None,
        has_errors=not fine,
    )
    return page, 200 if fine else 422


def show_funder() -> ResponseReturnValue:
    """Show one sheet for those who pay: totals and means, what is not collected, and why."""
    sheet = _open_sheet(chosen=True)
    page = render_template(
        "reports/show_funder.html",
        nav="reports",
        sheet=sheet,
        period_words=period_words(sheet.period) if sheet.period else "",
        rules=say_rules(),
        today=to_local(now(), get_zone(me().zone)).date(),
        has_errors=sheet.found is None,
    )
    return page, 200 if sheet.found else 422


def download_funder() -> ResponseReturnValue:
    """Hand over the same figures as a file."""
    sheet = _open_sheet(chosen=True)
    if sheet.period is None:
        raise Invalid(_("These dates cannot be read. Go back and choose them again."))
    content = published_csv(sheet.about, period_words(sheet.period), sheet.lines, say_rules())
    headers = {"Content-Disposition": 'attachment; filename="totals.csv"'}
    return Response(content, mimetype="text/csv", headers=headers)


def _is_admin() -> bool:
    return me().role == Role.ADMIN


def _open_sheet(*, chosen: bool) -> Sheet:
    """Return the report that the address asks for; `chosen` lets it be about one group or one series."""
    own = groups.list_own(db(), me())
    group_id = request.args.get("group", "") if chosen else ""
    group = groups.get_group(db(), me(), group_id) if group_id else None
    every = planning.list_series(db(), group) if group else []
    form = ReportForm.of(request.args, every, own)
    wanted = request.args.get("series", "") if chosen else ""
    series = next((each for each in every if each.id == wanted), None)
    if wanted and series is None:
        raise NotFound
    all_ids = None if _is_admin() else tuple(each.id for each in own)
    scope = Scope(group_ids=(group.id,) if group else all_ids, series=series)
    about = group.label if group else _("All groups of this installation") if _is_admin() else _("All my groups")
    if series:
        about = _("%(group)s, series from %(day)s", group=about, day=date_words(series.first_on))
    asked = {"group": group.id} if group else {}
    return _fill(form, scope, about, asked | ({"series": series.id} if series else {}))


def _fill(form: ReportForm, scope: Scope, about: str, asked: dict[str, str]) -> Sheet:
    if not form.validate():
        return Sheet(form=form, scope=scope, about=about, asked=asked, period=None, found=None, lines=[])
    period = form.find_period(to_local(now(), get_zone(me().zone)).date())
    rows = published.read_sessions(db(), scope)
    found = published.publish(rows, period, now())
    lines = say_lines(found, publish_pulse(db(), scope, rows, period, now()))
    return Sheet(form=form, scope=scope, about=about, asked=asked | form.asked, period=period, found=found, lines=lines)


def _list_quarters(found: Published) -> list[tuple[str, tuple[Share, ...], float | None]]:
    return [(quarter_words(quarter), shares, mean_people(shares)) for quarter, shares in split_quarters(found.shares)]


def _draw_quarters(found: Published) -> Chart:
    return chart([Reading(label=words, value=mean) for words, _shares, mean in _list_quarters(found)])


def _list_focuses(found: Published) -> list[tuple[Focus, int, float | None, int, float | None]]:
    """Return each focus with its sessions held, how many came on average, from how many, and of how many places."""
    places = mean_places(found.shares)
    return [(focus, found.focuses[focus], *mean_by_focus(found.shares, focus), places) for focus in Focus]
