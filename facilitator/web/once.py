"""A press that arrives twice does its work once: the second is answered with what the first was answered with.

The key stands in the header Idempotency-Key, or in the hidden field of a form. Its row is written in the transaction of
the work, so the two are kept together or not at all, and whoever comes second waits for the first. What changed
nothing leaves no key behind. The request itself is kept as a hash alone.
"""

import hashlib
import hmac
import time
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import delete, text, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from facilitator.accounts.models import KeptAnswer
from facilitator.db import insert_missing
from facilitator.errors import Conflict, Invalid
from facilitator.tokens import new_id
from facilitator.web.login import find_me
from facilitator.web.request import db, now, settings, undo

HEADER, FIELD = "Idempotency-Key", "once"
LONGEST_KEY, LONGEST_ROUTE, LONGEST_LOCATION = 64, 200, 400  # as the columns are
NOT_SAID = frozenset({FIELD, "csrf_token"})  # what differs between two copies of one press
PATIENCE_S = 5.0
LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One request that is to be done once.

    Args:
        key: as the caller chose it; for a form it holds what was typed as well, so that a corrected form is another press.
        facilitator_id: whose it is; two people never share a key.
        route: the address without what follows the question mark.
        request_sha: of the address and everything that was sent.
        is_form: whether a person pressed it.
    """

    key: str
    facilitator_id: str
    route: str
    request_sha: str
    is_form: bool


def init_app(app: Flask) -> None:
    """Look for a key before each view that a signed-in facilitator posts to, and keep the answer after it."""
    app.before_request(_begin)
    app.after_request(_end)
    app.add_template_global(new_id, "fresh_key")


def _begin() -> ResponseReturnValue | None:
    press = _read()
    if press is None:
        return None
    found = _take(press)
    if found is None:
        g.press = press
        return None
    if (found.route, found.request_sha) != (press.route, press.request_sha):
        raise Invalid(_("This key was used for another request. Send this one under a key of its own."))
    if press.is_form:
        flash(_("It was pressed twice and done once."))
    return redirect(found.location, found.status)


def _read() -> Press | None:
    person = find_me() if request.method == "POST" else None
    key, typed = request.headers.get(HEADER), request.form.get(FIELD, "")
    if person is None or (key is None and not typed) or "HX-Request" in request.headers:
        return None
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Invalid(_("The key is 1 to 64 printable ASCII characters."))
    sha = _hash_request()
    return Press(
        key=key or hashlib.sha256(f"{typed}\x00{sha}".encode()).hexdigest(),
        facilitator_id=person.id,
        route=request.path[:LONGEST_ROUTE],
        request_sha=sha,
        is_form=key is None,
    )


def _hash_request() -> str:
    """Return a keyed hash of what was sent; the bytes themselves hold a boundary that a browser draws anew each time.

    Without the key a headcount, of which its code alone is kept, could be found by trying all that there are.
    """
    found = hmac.new(settings().secret_key.encode(), repr(request.full_path).encode(), hashlib.sha256)
    for item in request.form.items(multi=True):
        if item[0] not in NOT_SAID:
            found.update(repr(item).encode())
    for name, file in request.files.items(multi=True):
        content = file.stream.read()
        file.stream.seek(0)
        found.update(repr((name, file.filename, hashlib.sha256(content).hexdigest())).encode())
    if not (request.form or request.files):
        found.update(request.get_data())
    return found.hexdigest()


def _take(press: Press) -> KeptAnswer | None:
    """Take the key for the work that follows, or wait for whoever has it and return their answer.

    Raises:
        Conflict: when the first one is not answered in time.
    """
    ends = time.monotonic() + PATIENCE_S
    while not _claim(press):
        found = db().get(KeptAnswer, (press.key, press.facilitator_id), populate_existing=True)
        if found and (found.status or found.request_sha != press.request_sha):
            return found
        undo()
        if time.monotonic() > ends:
            raise _busy()
        # the work is committed, and its answer is a moment away
        time.sleep(LOOK_EVERY_S)
    return None


def _claim(press: Press) -> bool:
    """Write the key unless it stands there; on PostgreSQL this waits for a transaction that has written it."""
    waits = db().get_bind().dialect.name == "postgresql"
    row: dict[str, object] = {"key": press.key, "facilitator_id": press.facilitator_id, "route": press.route}
    row |= {"request_sha": press.request_sha, "status": 0, "location": "", "at": now()}
    try:
        if waits:
            db().execute(text(f"SET LOCAL lock_timeout = {int(PATIENCE_S * 1000)}"))
        is_new = insert_missing(db(), KeptAnswer, [row]) == 1
        if waits:
            db().execute(text("SET LOCAL lock_timeout TO DEFAULT"))  # the work itself waits as long as it always did
    except OperationalError:
        undo()
        raise _busy() from None
    return is_new


def _busy() -> Conflict:
    return Conflict(_("This was sent before and is not finished. Look at the page before you send it again."))


def _end(response: Response) -> Response:
    press: Press | None = g.pop("press", None)
    if press is None:
        return response
    undo()  # what the view did not commit takes the key with it
    try:
        _keep(press, response)
        db().commit()
    except SQLAlchemyError:
        undo()  # the work is done and its answer goes out; a second press is told that it was sent before
    return response


def _keep(press: Press, response: Response) -> None:
    """Keep where a press led; what led nowhere may be pressed again, unless it broke after its work was done."""
    mine = (KeptAnswer.key == press.key, KeptAnswer.facilitator_id == press.facilitator_id)
    location = response.headers.get("Location", "")
    if (
        HTTPStatus.MULTIPLE_CHOICES <= response.status_code < HTTPStatus.BAD_REQUEST
        and len(location) <= LONGEST_LOCATION
    ):
        db().execute(update(KeptAnswer).where(*mine).values(status=response.status_code, location=location))
    elif response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        db().execute(delete(KeptAnswer).where(*mine))
