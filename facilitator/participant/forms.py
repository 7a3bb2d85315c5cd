"""What a person chooses about messages to them, as it comes from the form and as it stands on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Self

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from facilitator.errors import Invalid
from facilitator.groups.consent import LANGUAGES
from facilitator.groups.models import Participant, Wording
from facilitator.groups.rules_consent import EVERY_DAY
from facilitator.times import parse_wall_time

WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How somebody wants to be written to.

    Args:
        zone: IANA name, or None for that of the meetings.
        language: of pages and messages, or None for that of the meetings.
        leads: minutes before a meeting of the reminders that are wanted, or None for every one.
        days: on which messages may come, Monday is bit 1 and Sunday 64.
        quiet_from_time: from when nothing is sent.
        quiet_to_time: until when.
    """

    wording: Wording
    zone: str | None
    language: str | None
    leads: list[int] | None
    days: int
    quiet_from_time: time
    quiet_to_time: time

    @classmethod
    def of(cls, person: Participant) -> Self:
        """Return what somebody has chosen so far."""
        return cls(
            wording=Wording(person.wording),
            zone=person.zone,
            language=person.language,
            leads=person.leads,
            days=person.days,
            quiet_from_time=person.quiet_from_time,
            quiet_to_time=person.quiet_to_time,
        )

    @classmethod
    def read(cls, typed: MultiDict[str, str], offered: Sequence[int]) -> Self:
        """Return what was typed.

        Args:
            typed: the form.
            offered: minutes before a meeting of every reminder of the group.

        Raises:
            Invalid: when a choice is none of those that were offered; services judge the others.
        """
        wanted = {int(lead) for lead in typed.getlist("leads") if lead.isdecimal()} & set(offered)
        return cls(
            wording=_wording(typed.get("wording", "")),
            zone=typed.get("zone") or None,
            language=typed.get("language") if typed.get("language") in LANGUAGES else None,
            leads=None if wanted == set(offered) else sorted(wanted, reverse=True),
            days=sum(1 << day for day in range(WEEK) if str(day) in typed.getlist("days")),
            quiet_from_time=parse_wall_time(typed.get("quiet_from", ""), "quiet_from"),
            quiet_to_time=parse_wall_time(typed.get("quiet_to", ""), "quiet_to"),
        )

    def wants(self, lead: int) -> bool:
        """Tell whether a reminder is wanted."""
        return self.leads is None or lead in self.leads

    def has_day(self, day: int) -> bool:
        """Tell whether messages may come on a day of the week; 0 is Monday."""
        return bool(self.days >> day & 1)

    @property
    def is_every_day(self) -> bool:
        """Tell whether messages may come on any day."""
        return self.days == EVERY_DAY


def _wording(typed: str) -> Wording:
    if typed not in set(Wording):
        raise Invalid(_("Choose how much messages say."), field="wording")
    return Wording(typed)
