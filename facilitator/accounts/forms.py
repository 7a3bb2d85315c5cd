"""The forms of sign-in, first run and one's own settings, and what other forms share of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from facilitator.errors import Invalid
from facilitator.times import get_zone, list_zones

NEEDED = _l("Enter an answer.")
SAY_CHOOSE: dict[str, Any] = {"invalid_choice_message": _l("Choose one of the answers.")}  # newer than the type stubs
UTC_NAME = "Etc/UTC"
LONGEST_EMAIL, LONGEST_PASSWORD = 254, 200
LANGUAGES = (("en", "English"), ("es", "Español"))
THEMES = (("", _l("As the device")), ("light", _l("Light")), ("dark", _l("Dark")))


def languages() -> Sequence[tuple[str, str]]:
    """Return the languages to choose from, each under its own name."""
    return LANGUAGES


def themes() -> Sequence[tuple[str, str]]:
    """Return the themes to choose from."""
    return THEMES


def at_most(most: int) -> Length:
    """Return the check that an answer has at most so many characters."""
    return Length(max=most, message=_l("Enter at most %(most)s characters.", most=most))


class ZoneField(SelectField):
    """A zone from the list. The present one is among the choices even under an older name; services check the answer.

    Args:
        label: the words beside it.
        blank: the words for no answer, where that is one.
    """

    def __init__(self, label: str, blank: str = "", **options: Any) -> None:
        super().__init__(label, choices=list, validate_choice=False, **options)
        self._blank = blank

    def process(self, *arguments: Any, **options: Any) -> None:
        """Read the answer, then offer the zones; only now is the present one known."""
        super().process(*arguments, **options)
        names = {UTC_NAME, *list_zones()} | ({self.data} if self.data and _is_zone(self.data) else set())
        found = [(name, name.removeprefix("Etc/").replace("_", " ")) for name in sorted(names)]
        self.choices = [("", self._blank), *found] if self._blank else found


def _is_zone(name: str) -> bool:
    try:
        get_zone(name)
    except Invalid:
        return False
    return True


def say_problem(form: FlaskForm, message: str, name: str = "") -> None:
    """Show a sentence beside the field it belongs to, or above the form."""
    if name in form:
        form[name].errors = [*form[name].errors, message]
    else:
        form.form_errors.append(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a person typed to sign in."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAccount:
    """What a person typed to make the first account."""

    code: str = field(repr=False)
    name: str
    email: str
    password: str = field(repr=False)
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a person is shown, in which zone, language and theme they see things, and whether letters are shortcuts."""

    name: str
    zone: str
    language: str
    theme: str
    has_keys: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    """The present password and the new one."""

    current: str = field(repr=False)
    new: str = field(repr=False)


class SignInForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """An address and a password."""

    email = StringField(
        _l("Email"), validators=[InputRequired(_l("Enter your email address.")), at_most(LONGEST_EMAIL)]
    )
    password = PasswordField(
        _l("Password"), validators=[InputRequired(_l("Enter your password.")), at_most(LONGEST_PASSWORD)]
    )

    def credentials(self) -> Credentials:
        """Return what was typed."""
        return Credentials(email=self.email.data or "", password=self.password.data or "")


class FirstRunForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """The first account of an installation."""

    code = StringField(_l("Set-up code"), validators=[InputRequired(NEEDED), at_most(20)])
    name = StringField(_l("Your first name"), validators=[InputRequired(NEEDED), at_most(80)])
    email = StringField(_l("Email"), validators=[InputRequired(NEEDED), at_most(LONGEST_EMAIL)])
    password = PasswordField(_l("Password"), validators=[InputRequired(NEEDED), at_most(LONGEST_PASSWORD)])
    again = PasswordField(
        _l("Password once more"), validators=[EqualTo("password", _l("The two passwords are not the same."))]
    )
    zone = ZoneField(_l("Your time zone"))

    def account(self) -> FirstAccount:
        """Return what was typed."""
        return FirstAccount(
            code=self.code.data or "",
            name=self.name.data or "",
            email=self.email.data or "",
            password=self.password.data or "",
            zone=self.zone.data or "",
        )


class SettingsForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """How one is shown, and in which zone, language and theme one sees things."""

    name = StringField(_l("Your first name"), validators=[InputRequired(NEEDED), at_most(80)])
    zone = ZoneField(_l("Your time zone"))
    language = SelectField(_l("Language"), choices=languages, **SAY_CHOOSE)
    theme = SelectField(_l("Theme"), choices=themes, **SAY_CHOOSE)
    keys = BooleanField(_l("Letters as shortcuts"))

    def settings(self) -> Settings:
        """Return what was chosen."""
        return Settings(
            name=self.name.data or "",
            zone=self.zone.data or "",
            language=self.language.data or "",
            theme=self.theme.data or "",
            has_keys=bool(self.keys.data),
        )


class PasswordForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """A new password."""

    current = PasswordField(_l("Present password"), validators=[InputRequired(NEEDED), at_most(LONGEST_PASSWORD)])
    new = PasswordField(_l("New password"), validators=[InputRequired(NEEDED), at_most(LONGEST_PASSWORD)])
    again = PasswordField(
        _l("New password once more"), validators=[EqualTo("new", _l("The two passwords are not the same."))]
    )

    def passwords(self) -> Passwords:
        """Return what was typed."""
        return Passwords(current=self.current.data or "", new=self.new.data or "")
