"""Which language and theme a page is shown in, and the values that every template may use."""

from typing import Any

from flask import Flask, request
from flask_babel import Babel

from facilitator.web.login import find_me
from facilitator.web.request import settings

LANGUAGES = ("en", "es")
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
THEME_COOKIE = "theme"
THEMES = ("light", "dark")


def init_app(app: Flask) -> None:
    """Set up translation and the variables of the page frames."""
    Babel(app, locale_selector=language)
    app.context_processor(_frame)


def language() -> str:
    """Return the signed-in person's language, or the best match of what the browser asks for."""
    person = find_me()
    if person is not None and person.language in LANGUAGES:
        return person.language
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def theme() -> str:
    """Return the chosen theme, or an empty string to follow the device."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def _frame() -> dict[str, Any]:
    lang = language()
    return {
        "lang": lang,
        "text_dir": "rtl" if lang in RIGHT_TO_LEFT else "ltr",
        "theme": theme(),
        "signed_in": find_me(),
        "demo_banner": settings().is_demo,
    }
