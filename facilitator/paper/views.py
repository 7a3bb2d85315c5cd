"""The pages and files of paper, each subject in a module of its own, on one blueprint."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from facilitator.paper import views_crisis_card, views_door, views_hand_over, views_handout, views_run_sheet
from facilitator.planning import service
from facilitator.web.login import me
from facilitator.web.request import db

blueprint = Blueprint("paper", __name__)
for subject in (views_run_sheet, views_handout, views_hand_over, views_crisis_card, views_door):
    subject.register(blueprint)


@blueprint.get("/sessions/<session_id>/print")
def list_papers(session_id: str) -> ResponseReturnValue:
    """Show everything that can be printed for a session, in one place."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    return render_template("paper/list.html", nav="groups", session=session, group=group)
