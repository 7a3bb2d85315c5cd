"""Jinja filters that every page shares: days, times and durations in words, in the reader's language.

Times are 24-hour. A time is always shown with the place whose clock is meant.
"""

from datetime import date, datetime, time, timedelta

from babel.dates import format_date, format_skeleton
from flask import Flask
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from facilitator.times import get_zone, to_local, zone_abbreviation, zone_city

HOURS_PER_DAY, MINUTES_PER_DAY = 24, 1440
HOURS_UNTIL_DAYS = 72
SECONDS = 60


def init_app(app: Flask) -> None:
    """Register the filters under their names."""
    for found in (
        day, day_with_year, weekday, short_day, short_date, month_short, month_long, wall, at_zone, day_and_time, zone_words, ago, in_words, lead_words,
    ):  # fmt: skip
        app.add_template_filter(found)


def _date(on: date, pattern: str) -> str:
    return format_date(on, pattern, locale=get_locale() or "en")


def _pattern(english: str, other: str) -> str:
    locale = get_locale()
    return english if locale is None or locale.language == "en" else other


def day(on: date, read_on: date | None = None) -> str:
    """Return "Thursday 19 November", with its year where that is not the present one."""
    return day_with_year(on) if _other_year(on, read_on) else _date(on, _pattern("EEEE d MMMM", "EEEE d 'de' MMMM"))


def day_with_year(on: date) -> str:
    """Return "Thursday 19 November 2026"."""
    return _date(on, _pattern("EEEE d MMMM y", "EEEE d 'de' MMMM 'de' y"))


def weekday(on: date) -> str:
    """Return "Thursday"."""
    return _date(on, "EEEE")


def short_day(on: date) -> str:
    """Return "Thu 19"."""
    return _date(on, "EEE d")


def short_date(on: date, read_on: date | None = None) -> str:
    """Return "Thu 19 Nov", with its year where that is not the present one."""
    return _date(on, "EEE d MMM y" if _other_year(on, read_on) else "EEE d MMM")


def month_short(on: date, read_on: date | None = None) -> str:
    """Return "Nov", with its year where that is not the present one."""
    return _date(on, "MMM y" if _other_year(on, read_on) else "MMM")


def _other_year(on: date, read_on: date | None) -> bool:
    return read_on is not None and on.year != read_on.year


def month_long(on: date) -> str:
    """Return "November 2026"."""
    return format_skeleton("yMMMM", datetime.combine(on, time()), locale=get_locale() or "en")


def wall(at: time | datetime) -> str:
    """Return "18:30"."""
    return f"{at:%H:%M}"


def at_zone(instant: datetime, zone: str) -> datetime:
    """Return what a wall clock in a zone shows at an instant."""
    return to_local(instant, get_zone(zone))


def day_and_time(local: datetime, read_on: date | None = None) -> str:
    """Return "Thu 19 Nov, 18:30", with its year where that is not the present one."""
    return f"{short_date(local, read_on)}, {wall(local)}"


def zone_words(instant: datetime, zone: str) -> str:
    """Return "London time (GMT)", as it holds at an instant; "UTC" where there is no city."""
    city, short = zone_city(zone), zone_abbreviation(instant, get_zone(zone))
    return city if city == short else str(_("%(city)s time (%(short)s)", city=city, short=short))


def ago(instant: datetime, now: datetime) -> str:
    """Return "20 seconds ago"."""
    return str(_("%(time)s ago", time=in_words(max(now - instant, timedelta()))))


def in_words(duration: timedelta) -> str:
    """Return "20 seconds", "18 min", "2 h 18 min" or "3 days"."""
    seconds = int(duration.total_seconds())
    if seconds < SECONDS:
        return str(ngettext("%(num)s second", "%(num)s seconds", seconds))
    minutes = seconds // SECONDS
    hours, rest = divmod(minutes, 60)
    if hours >= HOURS_UNTIL_DAYS or (minutes and minutes % MINUTES_PER_DAY == 0):
        return str(ngettext("%(num)s day", "%(num)s days", minutes // MINUTES_PER_DAY))
    if not hours:
        return str(_("%(minutes)s min", minutes=minutes))
    return str(_("%(hours)s h %(minutes)s min", hours=hours, minutes=rest) if rest else _("%(hours)s h", hours=hours))


def lead_words(lead: timedelta) -> str:
    """Return how long a reminder comes before a session: "48 h", "3 h", "7 days"."""
    hours, rest = divmod(int(lead.total_seconds()) // SECONDS, 60)
    if rest:
        return str(_("%(minutes)s min", minutes=hours * 60 + rest))
    whole_days = hours > HOURS_UNTIL_DAYS and hours % HOURS_PER_DAY == 0
    return in_words(lead) if whole_days else str(_("%(hours)s h", hours=hours))
