"""Hands a paper over as a file, under a name that says nothing, and reads how it is wanted."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from facilitator.groups.models import Group
from facilitator.paper.typesetting import typeset
from facilitator.web.locale import LANGUAGES

LARGE = "large"


def wants_large() -> bool:
    """Say whether the letters are to be large: 14 points and more."""
    return request.args.get("print") == LARGE


def spoken_language(group: Group) -> str:
    """Return the language in which a group reads a paper: its own, or the first one where there are no words in it."""
    return group.language if group.language in LANGUAGES else LANGUAGES[0]


def hand_over(sheet: str, words: Mapping[str, Any], name: str) -> Response:
    """Return a paper as a PDF to keep or print; it is made for this one answer and stays nowhere."""
    paper = typeset(sheet, words)
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
    return Response(paper.content, mimetype="application/pdf", headers=headers)
