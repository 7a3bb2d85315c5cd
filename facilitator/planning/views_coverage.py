"""What a group's prompts cover, over all its series or a part of them, as a page and as a file."""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from facilitator.errors import Invalid, NotFound
from facilitator.groups import service as groups
from facilitator.planning.coverage import load_coverage
from facilitator.planning.forms_coverage import CoverageForm
from facilitator.planning.models import Series
from facilitator.planning.queries import list_series
from facilitator.planning.rules_coverage import By
from facilitator.reports.table_coverage import coverage_csv
from facilitator.web.login import me
from facilitator.web.request import db, now


def register(blueprint: Blueprint) -> None:
    """Add the routes of coverage."""
    blueprint.get("/groups/<group_id>/coverage")(show_coverage)
    blueprint.get("/groups/<group_id>/coverage.csv")(download_coverage)


def show_coverage(group_id: str) -> ResponseReturnValue:
    """Show what is planned and what was used, what stands out, and what the next sessions do about it."""
    group = groups.get_group(db(), me(), group_id)
    every = list_series(db(), group)
    form = CoverageForm.of(request.args, every)
    series = _pick(form, every)
    fine = form.validate()
    dates = {"from_on": form.first_on, "until_on": form.last_on}
    page = render_template(
        "planning/show_coverage.html",
        nav="groups",
        group=group,
        form=form,
        series=series,
        by=By.POLE if request.args.get("by") != By.ARENA else By.ARENA,
        found=load_coverage(db(), group, now(), series=series, **dates) if fine else None,
        asked={"series": series.id if series else None, **dates},
        has_errors=not fine,
        now=now(),
    )
    return page, 200 if fine else 422


def download_coverage(group_id: str) -> ResponseReturnValue:
    """Hand over the same grids as a file."""
    group = groups.get_group(db(), me(), group_id)
    form = CoverageForm.of(request.args, every := list_series(db(), group))
    series = _pick(form, every)
    if not form.validate():
        raise Invalid("These dates cannot be read. Go back and choose them again.")
    found = load_coverage(db(), group, now(), series=series, from_on=form.first_on, until_on=form.last_on)
    # a name that says nothing to whoever looks at the folder of downloads
    headers = {"Content-Disposition": 'attachment; filename="prompts.csv"'}
    return Response(coverage_csv(group, found), mimetype="text/csv", headers=headers)


def _pick(form: CoverageForm, every: list[Series]) -> Series | None:
    wanted = form.series.data or ""
    series = next((each for each in every if each.id == wanted), None)
    if wanted and series is None:
        raise NotFound
    return series
