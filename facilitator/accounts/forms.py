"""The forms of sign-in, first run and one's own settings, and what other forms share of them."""

from dataclasses import dataclass, field

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, Form, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import EqualTo, InputRequired, Length

from facilitator.errors import Invalid
from facilitator.times import get_zone, list_zones

NEEDED = _l("Enter an answer.")
CHOOSE_ZONE = _l("Choose a time zone from the list.")
CHOOSE_ONE = _l("Choose one of the answers.")
LONGEST_EMAIL, LONGEST_PASSWORD = 254, 200
LANGUAGES = (SelectChoice(value="en", label="English"), SelectChoice(value="es", label="Español"))
THEMES = (
    SelectChoice(value="", label=_l("As the device")),
    SelectChoice(value="light", label=_l("Light")),
    SelectChoice(value="dark", label=_l("Dark")),
)


def at_most(most: int) -> Length:
    """Return the check that an answer has at most so many characters."""
    return Length(max=most, message=_l("Enter at most %(most)s characters.", most=most))


def zone_choices(_form: Form, zone: Field) -> list[SelectChoice]:
    """Return the zones to choose from; the present one is among them even under an older name."""
    names = {"Etc/UTC", *list_zones()}
    if zone.data and _is_zone(zone.data):
        names.add(zone.data)
    return [SelectChoice(value=name, label=name.removeprefix("Etc/").replace("_", " ")) for name in sorted(names)]


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
    """How a person is shown, and in which zone, language and theme they see things."""

    name: str
    zone: str
    language: str
    theme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    """The present password and the new one."""

    current: str = field(repr=False)
    new: str = field(repr=False)


class SignInForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """An address and a password."""

    email = StringField(_l("Email"), validators=[InputRequired(_l("Enter your email address.")), at_most(LONGEST_EMAIL)])
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
    zone = SelectField(_l("Your time zone"), choices=zone_choices, invalid_choice_message=CHOOSE_ZONE)

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
    zone = SelectField(_l("Your time zone"), choices=zone_choices, invalid_choice_message=CHOOSE_ZONE)
    language = SelectField(_l("Language"), choices=LANGUAGES, invalid_choice_message=CHOOSE_ONE)
    theme = SelectField(_l("Theme"), choices=THEMES, invalid_choice_message=CHOOSE_ONE)

    def settings(self) -> Settings:
        """Return what was chosen."""
        return Settings(
            name=self.name.data or "",
            zone=self.zone.data or "",
            language=self.language.data or "",
            theme=self.theme.data or "",
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
