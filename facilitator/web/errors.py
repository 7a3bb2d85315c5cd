"""Maps every error to a page in plain words with a way back, in one place."""

import logging

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException, InternalServerError

from facilitator.errors import AppError, NotFound
from facilitator.web.request import is_for_participants, undo

log = logging.getLogger(__name__)
SHOWN = frozenset({400, 403, 404, 405, 409, 413, 422, 429, 500, 503})


def init_app(app: Flask) -> None:
    """Register the pages of every error that can leave a view."""
    app.register_error_handler(AppError, _app_error)
    app.register_error_handler(CSRFError, _expired_form)
    app.register_error_handler(DataError, _unkeepable)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(InternalServerError, _http_error)


def _page(status: int, message: str = "") -> ResponseReturnValue:
    undo()
    if is_for_participants():
        # every dead link looks the same to the person who opens it
        name = "participant/ended.html" if status == NotFound.status else "participant/error.html"
    else:
        name = f"errors/{status if status in SHOWN else 500}.html"
    return render_template(name, message=message, status=status), status


def _app_error(error: AppError) -> ResponseReturnValue:
    return _page(error.status, error.message)


def _expired_form(_error: CSRFError) -> ResponseReturnValue:
    return _page(400, _("This form was open for too long. Go back, reload the page and send it again."))


def _unkeepable(_error: DataError) -> ResponseReturnValue:
    # a NUL that a form did not catch: SQLite would keep it, PostgreSQL refuses
    undo()  # the reader's language stands in the database too
    return _page(422, _("The text holds a character that cannot be kept. Go back and type it anew."))


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or InternalServerError.code
    if status >= InternalServerError.code:
        log.error("request failed", extra={"event": "error", "route": str(request.url_rule), "status": status})
    return _page(status)
