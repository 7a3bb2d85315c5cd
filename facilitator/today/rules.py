"""How far somebody is on the way from an empty installation to a planned series: decided from what there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """One thing to do in the first days, in the order of the guide."""

    SETTINGS = "settings"
    GROUP = "group"
    MAIL = "mail"
    PEOPLE = "people"
    SERIES = "series"
    PLAN = "plan"


class Mark(StrEnum):
    """Where a step stands; one that is left for later keeps nobody from being ready."""

    OPEN = "open"
    DONE = "done"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What there is already.

    Args:
        has_zone: the person's clock is that of a place; nobody lives on the one an account begins with.
        has_group: they lead or co-facilitate a group, and with it its label and zone.
        has_country: one of these groups has a country.
        is_proved: a test was in their hands.
        has_people: somebody is on a list.
        list_is_later: they said that the list is for later, or another person leads and keeps it.
        has_series: sessions are planned.
        is_looked_over: a plan was looked at, or a session is over.
    """

    has_zone: bool
    has_group: bool
    has_country: bool
    is_proved: bool
    has_people: bool
    list_is_later: bool
    has_series: bool
    is_looked_over: bool


def mark_steps(found: Standing) -> Mapping[Step, Mark]:
    """Return where each step stands.

    A group without a country counts as left for later: people of many countries may meet online.
    """
    group = Mark.DONE if found.has_country else Mark.LATER if found.has_group else Mark.OPEN
    people = Mark.DONE if found.has_people else Mark.LATER if found.list_is_later and found.has_group else Mark.OPEN
    return {
        Step.SETTINGS: _done(found.has_zone),
        Step.GROUP: group,
        Step.MAIL: _done(found.is_proved),
        Step.PEOPLE: people,
        Step.SERIES: _done(found.has_series),
        Step.PLAN: _done(found.is_looked_over and found.has_series),
    }


def _done(is_so: bool) -> Mark:  # noqa: FBT001 - the one thing it asks
    return Mark.DONE if is_so else Mark.OPEN
