"""The pages on which facilitators add, order, change and take off what is handed out for a session."""

from collections.abc import Callable
from contextlib import closing

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from facilitator.errors import Conflict, Invalid
from facilitator.groups.models import Group
from facilitator.materials import service as materials
from facilitator.materials.cleaning import clean
from facilitator.materials.forms import FileForm, MaterialForm, TextForm, form_of
from facilitator.materials.models import Material
from facilitator.materials.rules import LARGEST_FILE
from facilitator.planning.forms import show_problem
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.planning.service import get_session_with_group
from facilitator.reminders.service import follow_group
from facilitator.web.body import accepts
from facilitator.web.login import me
from facilitator.web.request import db, now

blueprint = Blueprint("materials", __name__)
ROOM_FOR_THE_REST = 100_000  # bytes of a form beside its file


@blueprint.get("/sessions/<session_id>/materials")
def list_materials(session_id: str) -> ResponseReturnValue:
    """Show everything that is handed out for a session, from when and to whom."""
    session, group = get_session_with_group(db(), me(), session_id)
    return render_template(
        "materials/list.html",
        nav="groups",
        session=session,
        group=group,
        shown=[(each, materials.release_of(each, session)) for each in materials.list_for_session(db(), session.id)],
        cancelled=session.status == SessionStatus.CANCELLED,
        now=now(),
    )


@blueprint.route("/sessions/<session_id>/materials/words", methods=["GET", "POST"])
def add_text(session_id: str) -> ResponseReturnValue:
    """Add words to read."""
    session, group = get_session_with_group(db(), me(), session_id)
    form = TextForm()
    return _take(form, session, group, lambda: materials.add_text(db(), session, form.draft()))


@blueprint.route("/sessions/<session_id>/materials/file", methods=["GET", "POST"])
@accepts(LARGEST_FILE + ROOM_FOR_THE_REST)
def add_file(session_id: str) -> ResponseReturnValue:
    """Add a file, without what nobody sees in it."""
    session, group = get_session_with_group(db(), me(), session_id)
    form = FileForm()

    def add() -> Material:
        db().rollback()  # nobody waits for the database while a large file is taken apart
        media_type, content = clean(_read(form.file.data))
        return materials.add_file(db(), session, form.draft(), media_type, content)

    return _take(form, session, group, add)


@blueprint.route("/materials/<material_id>", methods=["GET", "POST"])
def change(material_id: str) -> ResponseReturnValue:
    """Change what is said about a material, and its words."""
    material, session, group = materials.get_material(db(), me(), material_id)
    form = form_of(material)
    return _take(
        form, session, group, lambda: materials.change_material(db(), material, form.draft()), material=material
    )


@blueprint.get("/materials/<material_id>/file")
def download(material_id: str) -> ResponseReturnValue:
    """Hand a file over to those who facilitate."""
    material, _session, _group = materials.get_material(db(), me(), material_id)
    return hand_over(materials.get_file(db(), material.id))


@blueprint.post("/materials/<material_id>/up")
def move_up(material_id: str) -> ResponseReturnValue:
    """Let a material stand one place further up."""
    material, session, _group = materials.get_material(db(), me(), material_id)
    materials.move_up(db(), material)
    db().commit()
    return redirect(url_for("materials.list_materials", session_id=session.id, _anchor=material.id), 303)


@blueprint.route("/materials/<material_id>/remove", methods=["GET", "POST"])
def remove(material_id: str) -> ResponseReturnValue:
    """Ask, then take a material off for good."""
    material, session, group = materials.get_material(db(), me(), material_id)
    if request.method == "GET":
        return render_template("materials/remove.html", nav="groups", material=material, session=session, group=group)
    title = material.title
    materials.remove_material(db(), material)
    follow_group(db(), group, now())
    db().commit()
    flash(_("“%(title)s” is taken off.", title=title))
    return redirect(url_for("materials.list_materials", session_id=session.id), 303)


def hand_over(material: Material) -> Response:
    """Return a file as an attachment whose name says nothing."""
    headers = {"Content-Disposition": f'attachment; filename="{materials.file_name(material)}"'}
    return Response(material.content, mimetype=material.media_type, headers=headers)


def _take(
    form: MaterialForm,
    session: GroupSession,
    group: Group,
    write: Callable[[], object],
    *,
    material: Material | None = None,
) -> ResponseReturnValue:
    """Show the form, or take what was entered; what cannot be used is said beside its field, and all of it is kept."""
    if form.is_submitted():
        try:
            if form.validate():
                write()
                follow_group(db(), group, now())
                db().commit()
                flash(_("Saved."))
                return redirect(url_for("materials.list_materials", session_id=session.id), 303)
        except Invalid as problem:
            db().rollback()
            show_problem(form, problem)
        except Conflict as problem:
            db().rollback()
            form.form_errors.append(problem.message)
    page = render_template(
        "materials/edit.html",
        nav="groups",
        form=form,
        has_errors=bool(form.errors),
        session=session,
        group=group,
        material=material,
        is_file=isinstance(form, FileForm),
    )
    return page, 422 if form.is_submitted() else 200


def _read(chosen: FileStorage | None) -> bytes:
    content = b""
    if isinstance(chosen, FileStorage):
        with closing(chosen):  # a large one stands in a file without a name until then
            content = chosen.read(LARGEST_FILE + 1)
    if not content:
        raise Invalid("Choose a file.", "file")
    return content
