"""The form that asks how many slips of paper are to be made."""

import re

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField

from facilitator.attendance.rules_room import MOST_SLIPS
from facilitator.errors import Invalid

_NUMBER = re.compile(r"[0-9]{1,4}")


class SlipsForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """One number, as it was typed."""

    slips = StringField(_l("How many slips"))

    @classmethod
    def of(cls, list_size: int) -> "SlipsForm":
        """Return the form as it is first shown, or filled with what was sent."""
        return cls(data={"slips": str(min(list_size, MOST_SLIPS))})

    def answer(self) -> int:
        """Return how many slips are wanted.

        Raises:
            Invalid: when it is no number that can be right.
        """
        typed = (self.slips.data or "").strip()
        count = int(typed) if _NUMBER.fullmatch(typed) else 0
        if not 1 <= count <= MOST_SLIPS:
            raise Invalid(_("Enter a number from 1 to %(most)s.", most=MOST_SLIPS), field="slips")
        return count

    def say(self, problem: Invalid) -> None:
        """Show an error beside the field."""
        self.slips.errors = [problem.message]
