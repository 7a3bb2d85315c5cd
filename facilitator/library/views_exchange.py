"""The library as a file: an import that is looked at first, and an export of what was chosen."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from facilitator.accounts.forms import say_problem
from facilitator.errors import Invalid, NotAllowed
from facilitator.library import exchange
from facilitator.library.differences import list_differences
from facilitator.library.exchange import LARGEST_FILE, Layout
from facilitator.library.forms_exchange import ExportForm, ImportForm
from facilitator.library.importing import Decision, Outcome, Plan, carry_out, plan_import
from facilitator.library.review import may_review
from facilitator.library.wording import fault_words
from facilitator.web.login import me
from facilitator.web.request import db

MEGABYTE = 1_000_000
LARGEST_BODY = 2 * LARGEST_FILE  # a file, and the one before it, which travels packed
DOWNLOADS = {Layout.TOML: ("library.toml", "application/toml"), Layout.CSV: ("prompts.csv", "text/csv; charset=utf-8")}


class FileTooLargeError(RequestEntityTooLarge):
    """Say that a file for the import is larger than any library."""


def register(blueprint: Blueprint) -> None:
    """Add the routes of the exchange; only the import takes a body of more than the usual size."""
    blueprint.get("/import")(show_import)
    blueprint.post("/import")(check_import)
    blueprint.get("/export")(show_export)
    blueprint.get("/export/file")(download_export)
    blueprint.url_value_preprocessor(_admit_large_file)
    blueprint.register_error_handler(FileTooLargeError, _say_too_large)


def show_import() -> ResponseReturnValue:
    """Show the form that takes a file; to others, who may import."""
    return _import_page(ImportForm(formdata=None))


def check_import() -> ResponseReturnValue:
    """Show what a file would change; on a second press about the same preview, change it."""
    _require_importer()
    form = ImportForm()
    try:
        content, name = form.read()
        plan = plan_import(db(), me(), exchange.read_file(content, name))
    except Invalid as problem:
        say_problem(form, problem.message, problem.field or ("text" if form.text.data else "file"))
        form.packed.data = ""
        return _import_page(form), 422
    is_seen = form.confirms(plan.fingerprint)
    form.keep(content, name)
    if request.form.get("do") == "import" and _may_import(form, plan, is_seen=is_seen):
        return _import(plan, form.chosen_decision)
    return _import_page(form, plan), 422 if form.errors else 200


def show_export() -> ResponseReturnValue:
    """Show what can go into a file."""
    return _export_page(_export_form())


def download_export() -> ResponseReturnValue:
    """Send the file of what was chosen."""
    form = _export_form(request.args)
    if not form.validate():
        return _export_page(form), 422
    items = exchange.list_items(db(), me(), form.choice())
    name, mimetype = DOWNLOADS[form.chosen_layout]
    response = make_response(exchange.write_file(items, form.chosen_layout))
    response.headers["Content-Type"] = mimetype
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _admit_large_file(endpoint: str | None, _values: object) -> None:
    # before anything reads the body, as the check of the form's token does
    if endpoint == "library.check_import":
        request.max_content_length = request.max_form_memory_size = LARGEST_BODY
        if (request.content_length or 0) > LARGEST_BODY:
            raise FileTooLargeError


def _say_too_large(_error: FileTooLargeError) -> ResponseReturnValue:
    try:
        _require_importer()
    except NotAllowed:
        return redirect(url_for("library.show_import"), 303)
    form = ImportForm(formdata=None)
    most = LARGEST_FILE // MEGABYTE
    say_problem(form, _("The file is too large. A library has at most %(most)s MB.", most=most), "file")
    return _import_page(form), 413


def _require_importer() -> None:
    if not may_review(me()):
        raise NotAllowed("Only a reviewer or an admin can import.")


def _may_import(form: ImportForm, plan: Plan, *, is_seen: bool) -> bool:
    """Tell whether the file is imported as it stands; what is missing is said beside its field."""
    if not is_seen:
        say_problem(
            form, _("The library or the file is not as it was when you looked. This is the preview now."), "file"
        )
    elif Outcome.REFUSED in plan.counts:
        say_problem(form, _("Nothing is imported while an entry is refused."), "file")
    elif Outcome.CONFLICT in plan.counts and form.chosen_decision is None:
        say_problem(form, _("Decide what is done about the conflicts."), "decision")
    return not form.errors


def _import(plan: Plan, decision: Decision | None) -> ResponseReturnValue:
    written = sum(carry_out(db(), me(), plan, decision).values())
    db().commit()
    flash(ngettext("%(num)s entry was imported.", "%(num)s entries were imported.", written))
    return redirect(url_for("library.show_library"), 303)


def _import_page(form: ImportForm, plan: Plan | None = None) -> str:
    return render_template(
        "library/import.html",
        nav="prompts",
        form=form,
        plan=plan,
        outcomes=Outcome,
        differences=list_differences,
        fault_words=fault_words,
        can_import=may_review(me()),
        has_errors=bool(form.errors),
    )


def _export_form(asked: MultiDict[str, str] | None = None) -> ExportForm:
    return ExportForm(exchange.list_own_pathways(db(), me()), formdata=asked)


def _export_page(form: ExportForm) -> str:
    return render_template("library/export.html", nav="prompts", form=form, has_errors=bool(form.errors))
