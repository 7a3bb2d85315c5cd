"""What a report is asked for, as a form that is sent by GET, so that every view of a report is an address."""

from collections.abc import Sequence
from datetime import date
from typing import Self

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import SelectField

from facilitator.groups.models import Group
from facilitator.planning.forms_coverage import CoverageForm
from facilitator.planning.models import Series
from facilitator.reports.rules_period import Choice, Period, find_period

PERIODS = (
    (Choice.ALL.value, _l("Everything so far")),
    (Choice.QUARTER.value, _l("This quarter")),
    (Choice.LAST_QUARTER.value, _l("Last quarter")),
    (Choice.YEAR.value, _l("This year")),
    (Choice.CUSTOM.value, _l("Own dates")),
)


class ReportForm(CoverageForm):
    """A period, and where there is a choice a group and a series; dates alone stand for own dates."""

    group = SelectField(_l("Group"), choices=list, validate_choice=False)
    period = SelectField(_l("Period"), choices=list)

    @classmethod
    def of(
        cls, asked: "MultiDict[str, str]", every_series: Sequence[Series] = (), every_group: Sequence[Group] = ()
    ) -> Self:
        """Return the form as the address asks for it."""
        form = super().of(asked, every_series)
        form.group.choices = [("", _("All groups together")), *((group.id, group.label) for group in every_group)]
        form.period.choices = list(PERIODS)
        if not form.period.raw_data or (form.period.data == Choice.ALL and (form.from_on.data or form.until_on.data)):
            form.period.data = Choice.CUSTOM.value if form.from_on.data or form.until_on.data else Choice.ALL.value
        return form

    def find_period(self, today: date) -> Period:
        """Return the days that are asked for; the form is valid."""
        return find_period(Choice(self.period.data), today, self.first_on, self.last_on)

    @property
    def asked(self) -> dict[str, str]:
        """Return the period as it stands in an address; what is left out limits nothing."""
        if self.period.data == Choice.ALL:
            return {}
        dates = {"from_on": self.from_on.data, "until_on": self.until_on.data}
        own = {name: day for name, day in dates.items() if day} if self.period.data == Choice.CUSTOM else {}
        return {"period": str(self.period.data)} | own
