"""When a material may be read, what files are taken, and by what name they are handed out.

This module is pure and must never read a clock or a row.
"""

from datetime import datetime, time, timedelta

from facilitator.errors import Invalid
from facilitator.times import get_zone, to_instant, to_local

LARGEST_FILE = 10_000_000  # bytes, before and after cleaning
LARGEST_SESSION = 40_000_000
MOST_MATERIALS = 20  # of one session
MOST_DAYS_BEFORE = 14
MORNING = time(9)
DAY = timedelta(days=1)
ANNOUNCED_UNTIL = timedelta(hours=20)  # after the end of the session; its page ends four hours later
PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
# by the first bytes: the name and the declared type of a file are whatever somebody typed
_SIGNATURES = {b"%PDF-": PDF, b"\x89PNG\r\n\x1a\n": PNG, b"\xff\xd8\xff": JPEG}
_ENDINGS = {PDF: ("page", "pdf"), PNG: ("image", "png"), JPEG: ("image", "jpg")}


def find_media_type(content: bytes) -> str:
    """Return what a file is by its first bytes.

    Raises:
        Invalid: when it is nothing that is handed out here.
    """
    for start, media_type in _SIGNATURES.items():
        if content.startswith(start):
            return media_type
    raise Invalid("Choose a PDF, a PNG or a JPEG picture. Other files can carry things that nobody sees.", "file")


def neutral_name(number: int, media_type: str) -> str:
    """Return a file name that says nothing to somebody who looks into a folder; `number` is its place, from 1."""
    stem, ending = _ENDINGS[media_type]
    return f"{stem}-{number}.{ending}"


def released_at(release: str, days_before: int, starts_at: datetime, ends_at: datetime, zone: str) -> datetime:
    """Return from when participants may read it.

    Args:
        release: `start`, `end`, or `before`: on the morning so many days before, at nine by the session's clock.
        days_before: for `before`; 0 is the morning of the day itself.
        starts_at: of the session.
        ends_at: of the session.
        zone: IANA name of the session's zone.
    """
    if release == "end":
        return ends_at
    if release == "start":
        return starts_at
    local = get_zone(zone)
    on = to_local(starts_at, local).date() - days_before * DAY
    return min(to_instant(datetime.combine(on, MORNING), local), starts_at)
