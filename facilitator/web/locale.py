"""Which language and theme a page is shown in, and the values that every template may use."""

from datetime import date
from typing import Any

from flask import Flask, g, has_request_context, request
from flask_babel import Babel, format_date, gettext, refresh

from facilitator.errors import AppError, english_day
from facilitator.web.login import find_me
from facilitator.web.request import settings

LANGUAGES = ("en", "es")
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
THEME_COOKIE = "theme"
KEYS_COOKIE = "keys"
THEMES = ("light", "dark")


def init_app(app: Flask) -> None:
    """Set up translation and the variables of the page frames."""
    Babel(app, locale_selector=language)
    app.context_processor(_frame)
    AppError.speak_with(_say, _say_day)


def _say(sentence: str) -> str:
    return gettext(sentence) if has_request_context() else sentence


def _say_day(on: date) -> str:
    return str(format_date(on, gettext("d MMMM yyyy"))) if has_request_context() else english_day(on)


def language() -> str:
    """Return the language of the reader: as a page set it, of who is signed in, or what the browser asks for."""
    if "reads_in" in g:
        return str(g.reads_in)
    person = find_me()
    if person is not None and person.language in LANGUAGES:
        return person.language
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def speak(chosen: str) -> None:
    """Let the rest of this request speak a language, as far as there are words in it."""
    if chosen in LANGUAGES:
        g.reads_in = chosen
        refresh()


def theme() -> str:
    """Return the chosen theme, or an empty string to follow the device."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def has_keys() -> bool:
    """Say whether single letters are shortcuts on this device; WCAG 2.2, 2.1.4: they can be turned off."""
    return request.cookies.get(KEYS_COOKIE) != "off"


def _frame() -> dict[str, Any]:
    lang = language()
    return {
        "lang": lang,
        "text_dir": "rtl" if lang in RIGHT_TO_LEFT else "ltr",
        "theme": theme(),
        "has_keys": has_keys(),
        "signed_in": find_me(),
        "demo_banner": settings().is_demo,
    }
