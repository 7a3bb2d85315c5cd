"""Which days of a country are public holidays, under their local names; none where the country is not known."""

from collections.abc import Iterable
from datetime import date

import holidays

# the United Kingdom keeps different days in its nations; England's are shown, and any of them can be kept
SUBDIVISIONS = {"GB": "ENG"}


def public_holidays(country: str, years: Iterable[int]) -> dict[date, str]:
    """Return the name of each public holiday of a country (ISO 3166-1 alpha-2) in these years."""
    try:
        found = holidays.country_holidays(country, subdiv=SUBDIVISIONS.get(country), years=list(years))
    except NotImplementedError:
        return {}
    return dict(found.items())
