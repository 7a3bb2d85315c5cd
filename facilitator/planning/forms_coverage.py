"""What part of a group's plan its coverage is asked for, as a form that is sent by GET, so that a view is an address."""

from collections.abc import Sequence
from datetime import date
from typing import Self

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, SelectField, StringField
from wtforms.validators import ValidationError

from facilitator.planning.models import Series
from facilitator.planning.wording import date_words


class CoverageForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """One series or all, from one day until another; what is left out limits nothing."""

    class Meta:
        """A question changes nothing, so it carries no token."""

        csrf = False

    series = SelectField(_l("Series"), choices=list, validate_choice=False)
    from_on = StringField(_l("First day"))
    until_on = StringField(_l("Last day"))

    @classmethod
    def of(cls, asked: "MultiDict[str, str]", every_series: Sequence[Series]) -> Self:
        """Return the form as the address asks for it."""
        form = cls(formdata=asked)
        named = [(each.id, _("From %(day)s", day=date_words(each.first_on))) for each in every_series]
        form.series.choices = [("", _("All series")), *named]
        return form

    @property
    def first_on(self) -> date | None:
        """Return the first day that counts, or None where every day does."""
        return _read_day(self.from_on)

    @property
    def last_on(self) -> date | None:
        """Return the last day that counts, or None where every day does."""
        return _read_day(self.until_on)

    def validate_from_on(self, field: Field) -> None:
        """Refuse what is no date."""
        _refuse_no_day(field)

    def validate_until_on(self, field: Field) -> None:
        """Refuse what is no date, and an end before the start."""
        _refuse_no_day(field)
        first_on, last_on = self.first_on, self.last_on
        if first_on and last_on and last_on < first_on:
            raise ValidationError(_("The last day lies before the first."))


def _read_day(field: Field) -> date | None:
    try:
        return date.fromisoformat((field.data or "").strip())
    except ValueError:
        return None


def _refuse_no_day(field: Field) -> None:
    if (field.data or "").strip() and _read_day(field) is None:
        raise ValidationError(_("This is not a date."))
