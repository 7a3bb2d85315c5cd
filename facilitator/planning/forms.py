"""The forms of planning: the four steps of a series as one form, and the changes of one session.

One form travels through all steps of the wizard, with the fields of the other steps hidden in it. So nothing is
stored until the last press, and a second tab harms nothing.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from markupsafe import Markup, escape
from wtforms import BooleanField, Field, RadioField, SelectField, StringField

from facilitator.curriculum.pathways import Pathway
from facilitator.errors import Invalid
from facilitator.groups.models import Group
from facilitator.planning.drafting import SeriesAnswers
from facilitator.planning.rules import COUNTS, DatePlan, Rhythm
from facilitator.planning.rules_slots import SESSION_MINUTES
from facilitator.times import day_of, get_zone, list_zones, parse_wall_time
from facilitator.tokens import new_id

RHYTHMS = (
    (Rhythm.WEEKLY.value, _l("Every week")),
    (Rhythm.FORTNIGHTLY.value, _l("Every 2 weeks")),
    (Rhythm.MONTHLY.value, _l("Every month")),
)
DAYS = (_l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday"))
WEEKDAYS = (("", _l("As the first date")), *((str(number), label) for number, label in enumerate(DAYS)))
LEADS_MINUTES = (0, 60, 120, 180, 360, 720, 1440, 2880, 4320, 10080)
MINUTE = timedelta(minutes=1)
CYCLES = tuple((str(n), str(n)) for n in range(1, 9))
LENGTHS = tuple((str(n), _l("%(minutes)s min", minutes=n)) for n in SESSION_MINUTES)
STEPS = ("path", "dates", "reminders", "check")
FIELDS = {
    "path": ("pathway_id", "cycles"),
    "dates": ("day", "month", "year", "weekday", "start_time", "zone", "minutes", "rhythm", "holidays", "sensitive"),
    "reminders": ("first_lead", "second_lead"),
    "check": (),
}
"""Which answers are given in which step; in the others they travel hidden."""
LONGEST_TEXT = 40  # a zone has the longest name
MOST_MARKED = 60  # dates that were pressed one by one; what is kept of a plan travels in a cookie, which holds 4 KB
_SEED = re.compile(r"[\w-]{22}", re.ASCII)


class HiddenList(Field):
    """A list of short texts that travels in hidden inputs, one each."""

    data: list[str]

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        """Take every input of this name."""
        self.data = [str(value)[:LONGEST_TEXT] for value in valuelist[:MOST_MARKED]]

    def widget(self, field: Field, **_attributes: object) -> Markup:  # type: ignore[override]
        """Return the hidden inputs."""
        return Markup("").join(
            Markup('<input type="hidden" name="{}" value="{}">').format(escape(field.name), escape(value))
            for value in field.data or ()
        )


class SeriesForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """All four steps: path, dates, reminders, check."""

    pathway_id = RadioField(_l("Path"), validate_choice=False)
    cycles = SelectField(_l("How often the cycle runs"), choices=lambda: CYCLES)
    day = StringField(_l("Day"))
    month = StringField(_l("Month"))
    year = StringField(_l("Year"))
    weekday = SelectField(_l("Weekday"), choices=lambda: WEEKDAYS)
    start_time = StringField(_l("Starts"))
    zone = SelectField(_l("Time zone"), choices=list, validate_choice=False)
    minutes = RadioField(_l("Length"), choices=lambda: LENGTHS)
    rhythm = RadioField(_l("Rhythm"), choices=lambda: RHYTHMS)
    holidays = BooleanField(_l("Leave out public holidays"))
    sensitive = BooleanField(_l("Point out sensitive dates"))
    skip = HiddenList()
    keep = HiddenList()
    lowered = HiddenList()
    seed = StringField()
    source = StringField()  # the series that is planned again, if any
    first_lead = SelectField(_l("First reminder"), choices=list, validate_choice=False)
    second_lead = SelectField(_l("Second reminder"), choices=list, validate_choice=False)

    @classmethod
    def begin(
        cls, group: Group, pathways: Sequence[Pathway], first_on: date, leads: Sequence[timedelta]
    ) -> "SeriesForm":
        """Return the form as it is first shown: sensible answers that can all be changed."""
        form = cls(
            data={
                "pathway_id": _usual(pathways),
                "cycles": "1",
                "day": str(first_on.day),
                "month": str(first_on.month),
                "year": str(first_on.year),
                "weekday": "",
                "start_time": "18:30",
                "zone": group.zone,
                "minutes": str(group.minutes),
                "rhythm": Rhythm.WEEKLY.value,
                "holidays": True,
                "sensitive": True,
                "skip": [],
                "keep": [],
                "lowered": [],
                "first_lead": _lead_value(leads, 0),
                "second_lead": _lead_value(leads, 1),
                "seed": new_id(),
            }
        )
        return form.offer(group, pathways, leads)

    @property
    def kept(self) -> dict[str, Any]:
        """Return what was typed and pressed, as it is kept until the next step."""
        found = {field.short_name: field.data for field in self if field.short_name != "csrf_token"}
        return {name: value[:LONGEST_TEXT] if isinstance(value, str) else value for name, value in found.items()}

    @property
    def first_on(self) -> date | None:
        """Return the first date, or None while it cannot be read."""
        try:
            return self._first_on()
        except Invalid:
            return None

    def offer(self, group: Group, pathways: Sequence[Pathway], leads: Sequence[timedelta]) -> "SeriesForm":
        """Fill in the choices that depend on the group and return the form."""
        self.pathway_id.choices = [(pathway.id, pathway.name) for pathway in pathways]
        zones = sorted({group.zone, *list_zones()})
        self.zone.choices = [(name, name.replace("_", " ")) for name in zones]
        minutes = sorted({*LEADS_MINUTES, *(lead // MINUTE for lead in leads)})
        self.first_lead.choices = self.second_lead.choices = [(str(each), lead_label(each)) for each in minutes]
        return self

    def propose(self, answers: Mapping[str, str]) -> None:
        """Take answers over, by the names of their fields."""
        for name, answer in answers.items():
            self[name].data = answer

    def press(self, leave: str, meet: str, lower: str) -> None:
        """Take a small press beside one date.

        Args:
            leave: a date to leave out.
            meet: a date to meet on anyway.
            lower: a date and its depth limit ("2027-02-15:2"); without a depth the pathway's holds again.
        """
        self.skip.data = sorted({*(self.skip.data or ()), leave} - {"", meet})
        self.keep.data = sorted({*(self.keep.data or ()), meet} - {"", leave})
        on = lower.partition(":")[0]
        others = [each for each in self.lowered.data or () if each.partition(":")[0] != on]
        self.lowered.data = [*others, lower] if lower and not lower.endswith(":") else others

    def carried(self, step: str) -> list[Field]:
        """List the fields that travel hidden through a step."""
        shown = {*FIELDS[step], "csrf_token"}
        return [field for field in self if field.short_name not in shown]

    def answers(self, pathways: Sequence[Pathway]) -> SeriesAnswers:
        """Return what was answered.

        Raises:
            Invalid: naming the field, when an answer cannot be read.
        """
        pathway = next((each for each in pathways if each.id == self.pathway_id.data), None)
        if pathway is None:
            raise Invalid(_("Choose a path."), "pathway_id")
        cycles = int(_chosen(self.cycles)) if pathway.repeating else 1
        return SeriesAnswers(
            pathway=pathway,
            plan=self._plan(pathway.session_count * cycles),
            cycles=cycles,
            meet_anyway=_dates(self.keep.data),
            leave_out_holidays=bool(self.holidays.data),
            point_out_sensitive=bool(self.sensitive.data),
            lowered=_lowered(self.lowered.data),
            leads=self._leads(),
            seed=_seed(self.seed.data or ""),
        )

    def _first_on(self) -> date:
        return day_of(self.day.data or "", self.month.data or "", self.year.data or "", "day")

    def _plan(self, count: int) -> DatePlan:
        weekday = _chosen(self.weekday)
        return DatePlan(
            first_on=self._first_on(),
            start_time=parse_wall_time(self.start_time.data or ""),
            zone=get_zone(self.zone.data or ""),
            minutes=int(_chosen(self.minutes)),
            rhythm=Rhythm(_chosen(self.rhythm)),
            count=min(count, COUNTS[-1]),
            skip_on=_dates(self.skip.data),
            weekday=int(weekday) if weekday else None,
        )

    def _leads(self) -> tuple[timedelta, ...]:
        chosen = {int(_chosen(field)) for field in (self.first_lead, self.second_lead)}
        return tuple(minutes * MINUTE for minutes in sorted(chosen - {0}, reverse=True))

    def say(self, problem: Invalid) -> None:
        """Show an error beside the field it belongs to, or above the form."""
        show_problem(self, problem)


def show_problem(form: FlaskForm, problem: Invalid) -> None:
    """Show an error beside the field of a form that it belongs to, or above the form."""
    if problem.field in form:
        form[problem.field].errors = [*form[problem.field].errors, problem.message]
    else:
        form.form_errors.append(problem.message)


def lead_label(minutes: int) -> str:
    """Return how a lead is called in a list of choices."""
    days, rest = divmod(minutes, 1440)
    if not minutes:
        label = _("None")
    elif minutes % 60:
        label = _("%(minutes)s minutes before", minutes=minutes)
    elif days > 2 and not rest:  # noqa: PLR2004 - from three days on people count in days
        label = _("%(days)s days before", days=days)
    else:
        label = ngettext("%(num)s hour before", "%(num)s hours before", minutes // 60)
    return str(label)


def _chosen(field: Any) -> str:
    """Return the value of a choice, which only a hand-made request can have outside the list."""
    if field.data not in {value for value, _label in field.choices}:
        raise Invalid(_("Choose one from the list."), field.short_name)
    return str(field.data)


def _usual(pathways: Sequence[Pathway]) -> str:
    """Return the pathway that most groups take: twelve sessions, or the first that is offered."""
    by_count = {pathway.session_count: pathway.id for pathway in reversed(pathways)}
    return by_count.get(12, pathways[0].id if pathways else "")


def _lead_value(leads: Sequence[timedelta], index: int) -> str:
    return str(leads[index] // MINUTE) if index < len(leads) else "0"


def _seed(text: str) -> str:
    return text if _SEED.fullmatch(text) else new_id()  # only a hand-made request sends something else


def _dates(texts: Sequence[str] | None) -> frozenset[date]:
    return frozenset(on for on in map(_find_date, texts or ()) if on is not None)


def _find_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None  # only a hand-made request sends something else


def _lowered(texts: Sequence[str] | None) -> dict[date, int]:
    pairs = [(_find_date(text[:-2]), text[-1:]) for text in texts or () if text[-2:-1] == ":"]
    return {on: int(limit) for on, limit in pairs if on is not None and limit in {"1", "2"}}
