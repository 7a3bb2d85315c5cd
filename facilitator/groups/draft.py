"""What a facilitator says about a group, and what of it can be used."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from facilitator.accounts.service import LANGUAGES, has_control_characters
from facilitator.curriculum.rules import GroupKind
from facilitator.errors import Invalid
from facilitator.times import get_zone

SIZES = {GroupKind.CLOSED: range(4, 11), GroupKind.OPEN: range(4, 13)}
LONGEST_LABEL, LONGEST_PLACE, LONGEST_LINK = 80, 200, 300
LENGTHS_MINUTES = (60, 75, 90)
PACES = ("gentle", "standard")
PRECISIONS = ("protected", "exact", "guarded")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDraft:
    """What a facilitator says about a group.

    Args:
        label: the neutral name that people see.
        kind: closed or open.
        capacity: how many places it offers.
        zone: IANA name of the clock it meets by.
        minutes: the usual length of a session.
        place: where it meets, or an empty string.
        link: the https address where it meets online, or an empty string.
        language: of its prompts and letters.
        country: whose help lines are shown (ISO 3166-1 alpha-2, or INT).
        pace: how soon prompts go deeper.
        precision: how exactly headcounts are kept.
    """

    label: str
    kind: GroupKind
    capacity: int
    zone: str
    minutes: int
    place: str = ""
    link: str = ""
    language: str = "en"
    country: str = "INT"
    pace: str = "gentle"
    precision: str = "protected"


def checked(draft: GroupDraft) -> dict[str, Any]:
    """Return what is kept of a draft, by column, without stray spaces.

    Raises:
        Invalid: naming the first field that cannot be used.
    """
    label, place, link = " ".join(draft.label.split()), " ".join(draft.place.split()), draft.link.strip()
    if not 1 <= len(label) <= LONGEST_LABEL or has_control_characters(label):
        raise Invalid("Enter a name of 1 to {most} characters.", "label", most=LONGEST_LABEL)
    if draft.capacity not in SIZES[draft.kind]:
        least, most = SIZES[draft.kind][0], SIZES[draft.kind][-1]
        raise Invalid(
            "Enter a number of places from {least} to {most} for this kind of group.",
            "capacity",
            least=least,
            most=most,
        )
    get_zone(draft.zone)
    if draft.minutes not in LENGTHS_MINUTES:
        raise Invalid("Enter 60, 75 or 90.", "minutes")
    if len(place) > LONGEST_PLACE or has_control_characters(place):
        raise Invalid("Enter a place of at most {most} characters.", "place", most=LONGEST_PLACE)
    if link and not _is_web_address(link):
        raise Invalid(
            "Enter an address that begins with https:// and has at most {most} characters.", "link", most=LONGEST_LINK
        )
    if draft.country != "INT" and not re.fullmatch("[A-Z]{2}", draft.country):
        raise Invalid("Choose one of the answers.", "country")
    for name, value, known in (
        ("language", draft.language, LANGUAGES),
        ("pace", draft.pace, PACES),
        ("precision", draft.precision, PRECISIONS),
    ):
        if value not in known:
            raise Invalid("Choose one of the answers.", name)
    return {
        "label": label,
        "kind": draft.kind,
        "capacity": draft.capacity,
        "zone": draft.zone,
        "minutes": draft.minutes,
        "place": place,
        "link": link,
        "language": draft.language,
        "country": draft.country,
        "pace": draft.pace,
        "precision": draft.precision,
    }


def _is_web_address(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    clean = not any(character.isspace() for character in link) and not has_control_characters(link)
    return parts.scheme == "https" and bool(parts.hostname) and clean and len(link) <= LONGEST_LINK
