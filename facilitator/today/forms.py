"""The one field of the guide: the digits that stand in a test message."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField

from facilitator.accounts.forms import at_most


class DigitsForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """The digits under a test."""

    digits = StringField(_l("4 digits from the message"), validators=[at_most(20)])

    @property
    def typed(self) -> str:
        """Return what was typed."""
        return self.digits.data or ""
