"""The errors that use cases raise, mapped to pages in one place.

Every message is a plain English sentence written to be shown, with what can be done. Places in braces hold values, so
that the sentence can be said in another language: the web application tells how (`speak_with`), the command line and
the worker say it as it stands. This module must never import anything of ours.

    AppError
    ├── NotFound     what was asked for does not exist, or is somebody else's (its existence is private)
    ├── NotAllowed   the person may know of it but not do this
    ├── Conflict     the state of things forbids it now
    └── Invalid      a value cannot be used; names the field it came from
"""

from collections.abc import Callable
from datetime import date


def english_day(on: date) -> str:
    """Return "28 March 2027"."""
    return f"{on.day} {on:%B %Y}"


class AppError(Exception):
    """Base of every error that a person can be told about.

    Args:
        sentence: one plain English sentence, with places in braces for the values.
        values: what stands in those places; a date is said as a day with its year.
    """

    status = 500
    _translate: Callable[[str], str] = str
    _say_day: Callable[[date], str] = english_day

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(_fill(sentence, values, english_day))
        self._sentence, self._values = sentence, values

    @property
    def message(self) -> str:
        """Return the sentence in the language of whoever reads it now."""
        return _fill(AppError._translate(self._sentence), self._values, AppError._say_day)

    @staticmethod
    def speak_with(translate: Callable[[str], str], say_day: Callable[[date], str]) -> None:
        """Say every sentence and every day in the words that these two give for it from now on."""
        AppError._translate, AppError._say_day = staticmethod(translate), staticmethod(say_day)


def _fill(sentence: str, values: dict[str, object], say_day: Callable[[date], str]) -> str:
    # a sentence without values may hold braces that somebody typed; an instant is a date too, but says its own format
    said = {name: say_day(value) if type(value) is date else value for name, value in values.items()}
    return sentence.format(**said) if said else sentence


class NotFound(AppError):
    """Say that nothing is there for this person."""

    status = 404

    def __init__(self, sentence: str = "There is nothing at this address.") -> None:
        super().__init__(sentence)


class NotAllowed(AppError):
    """Say that this person may not do this."""

    status = 403


class Conflict(AppError):
    """Say that the present state forbids it."""

    status = 409


class Invalid(AppError):
    """Say which value cannot be used, and why.

    Args:
        sentence: one plain sentence saying what to enter.
        field: the form field it belongs to, or an empty string for the whole form.
        values: what stands in the places in braces.
    """

    status = 422

    def __init__(self, sentence: str, field: str = "", **values: object) -> None:
        super().__init__(sentence, **values)
        self.field = field
