"""Which days a report is about. It works on dates alone and must never read the clock."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

QUARTER_MONTHS = 3


class Choice(StrEnum):
    """What can be chosen; custom dates are given beside it."""

    ALL = "all"
    QUARTER = "quarter"
    LAST_QUARTER = "last_quarter"
    YEAR = "year"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From one day until another, both included; an end that is None is open."""

    first_on: date | None = None
    last_on: date | None = None

    def holds(self, on: date) -> bool:
        """Say whether a day lies in it."""
        return (self.first_on is None or self.first_on <= on) and (self.last_on is None or on <= self.last_on)

    @property
    def is_open(self) -> bool:
        """Say whether every day lies in it."""
        return self.first_on is None and self.last_on is None


def find_period(choice: Choice, today: date, first_on: date | None = None, last_on: date | None = None) -> Period:
    """Return the days of a choice; quarters and years are those of the calendar, to their last day."""
    match choice:
        case Choice.ALL:
            return Period()
        case Choice.QUARTER:
            return _quarter_of(today)
        case Choice.LAST_QUARTER:
            return _quarter_of(quarter_start(today) - timedelta(days=1))
        case Choice.YEAR:
            return Period(first_on=date(today.year, 1, 1), last_on=date(today.year, 12, 31))
        case Choice.CUSTOM:
            return Period(first_on=first_on, last_on=last_on)


def quarter_start(on: date) -> date:
    """Return the first day of the calendar quarter that a day lies in."""
    return date(on.year, (quarter_number(on) - 1) * QUARTER_MONTHS + 1, 1)


def next_quarter(on: date) -> date:
    """Return the first day of the quarter after the one that a day lies in."""
    return quarter_start(quarter_start(on) + timedelta(days=31 * QUARTER_MONTHS))


def quarter_number(on: date) -> int:
    """Return 1 to 4."""
    return (on.month - 1) // QUARTER_MONTHS + 1


def _quarter_of(on: date) -> Period:
    return Period(first_on=quarter_start(on), last_on=next_quarter(on) - timedelta(days=1))
