"""What can be told from a message alone: whom it goes to, how it stops, and whether reading it calls anybody.

This module must never open a file or decide what is shown.
"""

import re
from collections.abc import Iterable
from enum import StrEnum

_LOADS = re.compile(
    r"<(?:img|script|link|iframe|object|embed|video|audio|source|form)\b|\bsrc\s*=|url\(|@import", re.IGNORECASE
)


class Check(StrEnum):
    """A promise about every message."""

    ONE_RECIPIENT = "one_recipient"
    STOPS_AT_ONE_PRESS = "stops_at_one_press"
    LOADS_NOTHING = "loads_nothing"
    NOTHING_ATTACHED = "nothing_attached"


def check_message(headers: Iterable[tuple[str, str]], html: str, source: str) -> dict[Check, bool]:
    """Return which promises a message keeps.

    Args:
        headers: in order, as received.
        html: its HTML part, or an empty string.
        source: all of it.
    """
    named: dict[str, list[str]] = {}
    for name, value in headers:
        named.setdefault(name.lower(), []).append(value)
    recipients = [*named.get("to", ()), *named.get("cc", ()), *named.get("bcc", ())]
    return {
        Check.ONE_RECIPIENT: len(recipients) == 1
        and "," not in recipients[0]
        and len(named.get("delivered-to", ())) == 1,
        # RFC 8058 §3.1: both headers, and exactly this value
        Check.STOPS_AT_ONE_PRESS: "list-unsubscribe" in named
        and named.get("list-unsubscribe-post") == ["List-Unsubscribe=One-Click"],
        Check.LOADS_NOTHING: not _LOADS.search(html),
        Check.NOTHING_ATTACHED: not re.search(
            r"^content-disposition:\s*attachment", source, re.IGNORECASE | re.MULTILINE
        ),
    }
