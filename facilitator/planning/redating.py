"""Keeps the instants of coming sessions true to their wall times when the world's zone rules change.

A session is meant by the date, the wall time and the zone that a person said; its instant is worked out and kept
beside them. A newer table of zones may put the same wall time elsewhere. This module must never change what was said.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.accounts.models import InstallationSetting
from facilitator.db import insert_missing
from facilitator.planning.models import GroupSession
from facilitator.planning.rules_slots import slot_at
from facilitator.planning.timetable import Move, apply_moves
from facilitator.times import get_zone, rules_version

RULES_SETTING = "zone_rules"


def redate_coming(db: Session, now: datetime) -> list[GroupSession]:
    """Work out the instants of all coming sessions anew if the zone rules are newer than last time.

    While an installation is upgraded, an old worker may still run beside a new one; only the newer rules count.

    Returns:
        the sessions whose instant changed; what was planned for the old one is out of date.
    """
    version = rules_version()
    known = db.get(InstallationSetting, RULES_SETTING)
    if known is None:
        insert_missing(db, InstallationSetting, [{"name": RULES_SETTING, "value": version}])
        return []
    if _edition(version) <= _edition(known.value):
        return []
    known.value = version
    coming = select(GroupSession).where(GroupSession.starts_at > now).order_by(GroupSession.id).with_for_update()
    return apply_moves(_as_said(session) for session in db.scalars(coming.execution_options(populate_existing=True)))


def _edition(version: str) -> tuple[int, ...]:
    """Return the numbers of a version such as 2026.2, to compare it by."""
    return tuple(int(number) for number in version.split(".") if number.isdigit())


def _as_said(session: GroupSession) -> Move:
    zone = get_zone(session.zone)
    slot = slot_at(session.on_date, session.start_time, zone, session.minutes)
    return Move(session=session, slot=slot, zone=zone, minutes=session.minutes)
