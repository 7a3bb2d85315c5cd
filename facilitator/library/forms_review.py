"""The forms of the review: what a reviewer is, and which versions are meant."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField


class RoleForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """What a reviewer is, asked once for a sitting; who it is is not asked."""

    role = StringField(_l("What you are, such as clinical psychologist"))


class DecisionForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """A press of a button about the versions on the page; the buttons and the versions stand in the template."""
