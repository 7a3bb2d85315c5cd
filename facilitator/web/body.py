"""How large a request may be: small everywhere, and larger for the few views that take a file.

The limit is set before anything reads the body, the check of the form's token among it.
"""

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, request

View = TypeVar("View", bound=Callable[..., object])


def init_app(app: Flask) -> None:
    """Set the limit of each request; this stands before whatever reads forms."""
    app.before_request(_set_limit)


def accepts(size: int) -> Callable[[View], View]:
    """Let requests to a view have so many bytes."""

    def mark(view: View) -> View:
        view.largest_body = size  # type: ignore[attr-defined] # read again below, from the same view
        return view

    return mark


def _set_limit() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    size = getattr(view, "largest_body", None)
    if size is not None:
        request.max_content_length = size
