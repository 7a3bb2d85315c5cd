"""A message as somebody of the group would get it, for a preview on a page and for a test to a facilitator.

Both are made here, so that what is shown and what arrives say the same.
"""

from datetime import datetime, timedelta

from facilitator.groups.models import Group, Wording
from facilitator.groups.rules_erasure import erase_on
from facilitator.planning.models import GroupSession
from facilitator.reminders.letters import LetterFacts
from facilitator.reminders.rules import MessageKind
from facilitator.times import get_zone, to_instant, to_local

USUAL_MINUTES = 90  # of a session that is not there
MOVED_BY = timedelta(days=1)  # a made-up move: the day before, at the same time of day


def sample_facts(
    *,
    kind: MessageKind,
    wording: Wording,
    language: str,
    starts_at: datetime,
    zone: str,
    about: GroupSession | Group | None,
    links: tuple[str, str],
    sender_name: str,
    proof: tuple[str, str] = ("", ""),
) -> LetterFacts:
    """Return what the sample says.

    Args:
        kind: any but a test.
        wording: how much of it.
        language: of the group.
        starts_at: of the session, or of a made-up one.
        zone: whose clock is meant.
        about: the session, or the group while it has none to come.
        links: where messages stop, and the session's page.
        sender_name: the neutral name of the sender.
        proof: the link and the digits by which a test is known to have arrived; a preview has none.
    """
    local = to_local(starts_at, get_zone(zone))
    before = to_instant(local - MOVED_BY, get_zone(zone))
    stop_link, page_link = links
    return LetterFacts(
        kind=kind,
        wording=wording,
        language=language,
        local_start=starts_at.astimezone(get_zone(zone)),
        minutes=about.minutes if about else USUAL_MINUTES,
        stop_link=stop_link,
        page_link=page_link,
        confirm_link=f"{stop_link}/confirm",
        safe_link=f"{stop_link}/still",
        place=about.place if about else "",
        link=about.link if about else "",
        sender_name=sender_name,
        proof_link=proof[0],
        proof_digits=proof[1],
        previous_start=before.astimezone(get_zone(zone)) if kind == MessageKind.MOVED else None,
        erased_on=erase_on(local.date()),
    )
