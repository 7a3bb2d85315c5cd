"""Who is signed in: Flask-Login behind one module, and the rule that every page is closed unless it says otherwise.

The cookie holds a token that rotates, never the account's id. Nothing here knows of participants.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from facilitator.accounts import service as accounts
from facilitator.accounts.models import Facilitator
from facilitator.errors import NotAllowed
from facilitator.web.request import db, is_for_participants

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
SESSION_LIFETIME = timedelta(hours=12)


class SignedIn(UserMixin):  # type: ignore[misc] # Flask-Login ships no types
    """Flask-Login's view of a facilitator."""

    def __init__(self, facilitator: Facilitator) -> None:
        self.facilitator = facilitator

    def get_id(self) -> str:
        """Return the rotating token that stands in the cookie."""
        return self.facilitator.session_token


def init_app(app: Flask) -> None:
    """Set up sign-in and close every page that is not marked public."""
    # Flask-Login would look for an account at every page that is shown, those of participants included
    manager = LoginManager(app, add_context_processor=False)
    app.context_processor(_recognise)
    manager.session_protection = "basic"
    manager.user_loader(_load)
    app.permanent_session_lifetime = SESSION_LIFETIME
    app.before_request(_require_sign_in)


def public(view: View) -> View:
    """Mark a view as open to people who are not signed in."""
    view.is_public = True  # type: ignore[attr-defined] # the mark that _require_sign_in reads
    return view


def me() -> Facilitator:
    """Return the signed-in facilitator.

    Raises:
        NotAllowed: when nobody is signed in.
    """
    if not current_user.is_authenticated:
        raise NotAllowed("Sign in to see this page.")
    found: Facilitator = current_user.facilitator
    return found


def find_me() -> Facilitator | None:
    """Return the signed-in facilitator, or None; never asks for a session on pages that have none."""
    return me() if getattr(g, "_login_user", None) is not None and current_user.is_authenticated else None


def sign_in(facilitator: Facilitator) -> None:
    """Start a session for this facilitator."""
    login_user(SignedIn(facilitator))


def sign_out() -> None:
    """End this session, with everything that its cookie keeps."""
    session.clear()
    logout_user()


def _load(token: str) -> SignedIn | None:
    facilitator = accounts.find_by_session_token(db(), token)
    return SignedIn(facilitator) if facilitator else None


def _recognise() -> dict[str, object]:
    """Look who is signed in before a page is shown; a page of participants never knows, and never touches the cookie."""
    if not is_for_participants():
        current_user.is_authenticated  # noqa: B018 - asking is what makes Flask-Login look
    return {}


def _require_sign_in() -> ResponseReturnValue | None:
    if request.endpoint is None or request.endpoint == "static":
        return None
    view = current_app.view_functions[request.endpoint]
    if getattr(view, "is_public", False) or current_user.is_authenticated:
        return None
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("accounts.sign_in", next=None if wanted == "/" else wanted), 303)
