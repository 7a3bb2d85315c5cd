"""Turns the codes of the planning rules into sentences that a facilitator reads."""

from datetime import date, time

from flask_babel import format_date
from flask_babel import gettext as _

from facilitator.planning.rules_notes import Note, NoteCode

DAY_PATTERN = "EEEE d MMMM"


def _names() -> dict[str, str]:
    return {
        "christmas_eve": _("Christmas Eve"),
        "christmas_day": _("Christmas Day"),
        "day_after_christmas": _("the day after Christmas"),
        "new_years_eve": _("New Year's Eve"),
        "new_years_day": _("New Year's Day"),
        "valentines_eve": _("the day before Valentine's Day"),
        "valentines_day": _("Valentine's Day"),
        "day_after_valentines": _("the day after Valentine's Day"),
    }


def _day(on: object) -> str:
    return str(format_date(on, DAY_PATTERN)) if isinstance(on, date) else str(on)


def _wall(at: object) -> str:
    return f"{at:%H:%M}" if isinstance(at, time) else str(at)


def note_words(note: Note) -> tuple[str, str]:
    """Return a note in words: what it is, in bold, and what it means."""
    params = note.params
    match note.code:
        case NoteCode.CLOCK_FORWARD:
            first = _("The clocks in %(city)s go forward on %(day)s.", city=params["city"], day=_day(params["on"]))
            return first, _("The session stays at its time on the wall. Reminders follow it.")
        case NoteCode.CLOCK_BACK:
            first = _("The clocks in %(city)s go back on %(day)s.", city=params["city"], day=_day(params["on"]))
            return first, _("The session stays at its time on the wall. Reminders follow it.")
        case NoteCode.START_MISSING:
            return _("This time does not exist that night."), _("The clocks go forward over it.")
        case NoteCode.START_AMBIGUOUS:
            return _("This time comes twice that night."), _("The first one is meant.")
        case NoteCode.FAR_CLOCK:
            first = _("For people in %(city)s the hour changes.", city=params["city"])
            return first, _(
                "It is %(time)s there from this date, and %(before)s before.",
                time=_wall(params["time"]),
                before=_wall(params["before"]),
            )
        case NoteCode.SENSITIVE:
            return _("This is %(name)s.", name=_names()[str(params["name"])]), _("Often a hard day for many people.")
        case NoteCode.PUBLIC_HOLIDAY:
            return _("Public holiday: %(name)s.", name=params["name"]), _("You chose to meet anyway.")
        case NoteCode.OVERLAP:
            first = _("At the same time as %(label)s.", label=params["label"])
            return first, _("You are expected at both.")
