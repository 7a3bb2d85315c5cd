"""The forms that change one session: another time, another place, one more session, a cancellation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField

from facilitator.errors import Conflict, Invalid
from facilitator.planning.forms import show_problem
from facilitator.planning.models import GroupSession
from facilitator.planning.rules_slots import Reach
from facilitator.times import day_of, parse_wall_time

REACHES = (
    (Reach.ONE.value, _l("This session only")),
    (Reach.LATER.value, _l("This session and all later ones")),
    (Reach.ALL.value, _l("All that are still to come")),
)


class ChangeForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """What every change of a session can do: show an error beside its field."""

    def say(self, problem: Invalid | Conflict) -> None:
        """Show an error beside its field; a clash with another session is one of time."""
        field = {"on": "day"}.get(problem.field, problem.field) if isinstance(problem, Invalid) else "start_time"
        show_problem(self, Invalid(problem.message, field))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTime:
    """A date and a wall time, and for which sessions they are meant."""

    on: date
    start_time: time
    reach: Reach = Reach.ONE


class TimeForm(ChangeForm):
    """A date in three fields and a time; for a session that is moved or added."""

    day = StringField(_l("Day"))
    month = StringField(_l("Month"))
    year = StringField(_l("Year"))
    start_time = StringField(_l("Starts"))

    @classmethod
    def of(cls, on: date, start_time: time, **more: str) -> "TimeForm":
        """Return the form filled with a date and a time."""
        data = {"day": str(on.day), "month": str(on.month), "year": str(on.year), "start_time": f"{start_time:%H:%M}"}
        return cls(data={**data, **more})

    def answers(self) -> NewTime:
        """Return what was entered.

        Raises:
            Invalid: naming the field, when it cannot be read.
        """
        return NewTime(
            on=day_of(self.day.data or "", self.month.data or "", self.year.data or "", "day"),
            start_time=parse_wall_time(self.start_time.data or ""),
        )


class MoveForm(TimeForm):
    """Another date and time, for one session or for several."""

    reach = RadioField(_l("Which sessions"), choices=lambda: REACHES)

    def answers(self) -> NewTime:
        """Return what was entered.

        Raises:
            Invalid: naming the field, when it cannot be read.
        """
        entered = super().answers()
        return NewTime(on=entered.on, start_time=entered.start_time, reach=_reach(self.reach))


class PlaceForm(ChangeForm):
    """Another place or link, for one session or for several."""

    place = StringField(_l("Place"))
    link = StringField(_l("Link"))
    reach = RadioField(_l("Which sessions"), choices=lambda: REACHES)

    def answers(self) -> tuple[str, str, Reach]:
        """Return place, link and reach.

        Raises:
            Invalid: naming the field, when an answer cannot be used.
        """
        link = (self.link.data or "").strip()
        if link and (not link.startswith("https://") or any(letter.isspace() for letter in link)):
            raise Invalid(_("Enter an address that begins with https://."), "link")
        return self.place.data or "", link, _reach(self.reach)


class CancelForm(ChangeForm):
    """Why a session is called off; it is for the facilitators alone."""

    reason = StringField(_l("Reason, for you"))


def read_minutes(typed: Mapping[str, str]) -> dict[str, int]:
    """Return the minutes of parts by segment id.

    Args:
        typed: what was typed, by segment id.

    Raises:
        Invalid: when one of them is no number.
    """
    found = {}
    for segment_id, text in typed.items():
        if not (text.isascii() and text.isdigit() and len(text) <= 3):  # noqa: PLR2004 - 999 minutes are more than enough
            raise Invalid(_("Enter whole minutes, for example 15."), f"min-{segment_id}")
        found[segment_id] = int(text)
    return found


def begin_move(session: GroupSession) -> TimeForm:
    """Return the form for moving a session, with the time that it has now."""
    return MoveForm.of(session.on_date, session.start_time, reach=Reach.ONE.value)


def _reach(field: RadioField) -> Reach:
    if field.data not in set(Reach):
        raise Invalid(_("Choose one from the list."), field.short_name)
    return Reach(field.data)
