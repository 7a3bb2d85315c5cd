"""The forms of sign-in, first run and one's own settings."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from facilitator.times import list_zones

NEEDED = _l("Enter an answer.")
LANGUAGES = (("en", "English"), ("es", "Español"))
THEMES = (("", _l("As the device")), ("light", _l("Light")), ("dark", _l("Dark")))


def zone_choices() -> list[tuple[str, str]]:
    """Return the zones for a list of choices."""
    return [("Etc/UTC", "UTC"), *((name, name.replace("_", " ")) for name in list_zones())]


class SignInForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """An address and a password."""

    email = StringField(_l("Email"), validators=[InputRequired(_l("Enter your email address.")), Length(max=254)])
    password = PasswordField(_l("Password"), validators=[InputRequired(_l("Enter your password.")), Length(max=200)])


class FirstRunForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """The first account of an installation."""

    code = StringField(_l("Set-up code"), validators=[InputRequired(NEEDED), Length(max=20)])
    name = StringField(_l("Your first name"), validators=[InputRequired(NEEDED), Length(max=80)])
    email = StringField(_l("Email"), validators=[InputRequired(NEEDED), Length(max=254)])
    password = PasswordField(_l("Password"), validators=[InputRequired(NEEDED), Length(max=200)])
    again = PasswordField(
        _l("Password once more"), validators=[EqualTo("password", _l("The two passwords are not the same."))]
    )
    zone = SelectField(_l("Your time zone"), choices=zone_choices)


class SettingsForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """How one is shown, and in which zone, language and theme one sees things."""

    name = StringField(_l("Your first name"), validators=[InputRequired(NEEDED), Length(max=80)])
    zone = SelectField(_l("Your time zone"), choices=zone_choices)
    language = SelectField(_l("Language"), choices=LANGUAGES)
    theme = SelectField(_l("Theme"), choices=THEMES)


class PasswordForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """A new password."""

    current = PasswordField(_l("Present password"), validators=[InputRequired(NEEDED), Length(max=200)])
    new = PasswordField(_l("New password"), validators=[InputRequired(NEEDED), Length(max=200)])
    again = PasswordField(
        _l("New password once more"), validators=[EqualTo("new", _l("The two passwords are not the same."))]
    )
