"""What happens to a message when nobody can tell whether it was accepted: chosen per kind, for the whole installation.

The default repeats every kind once: a reminder that is lost leaves somebody outside a locked door, and a second copy
says the same words. Who fears the second copy more chooses to hold.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.accounts.models import InstallationSetting
from facilitator.accounts.service import keep_setting
from facilitator.reminders.counts import Counts
from facilitator.reminders.models import OutboxMessage, in_states
from facilitator.reminders.rules import MessageKind, OutboxState, UnknownPolicy, after_unknown

PREFIX = "unknown_policy_"
DEFAULT = UnknownPolicy.RESEND_ONCE


def policies(db: Session) -> Mapping[MessageKind, UnknownPolicy]:
    """Return the policy of every kind of message."""
    kept = select(InstallationSetting).where(InstallationSetting.name.startswith(PREFIX, autoescape=True))
    chosen = {setting.name: UnknownPolicy(setting.value) for setting in db.scalars(kept)}
    return {kind: chosen.get(PREFIX + kind, DEFAULT) for kind in MessageKind}


def set_policy(db: Session, kind: MessageKind, policy: UnknownPolicy) -> None:
    """Choose what happens to messages of one kind; messages that are doubtful now are settled by it as well."""
    keep_setting(db, PREFIX + kind, None if policy is DEFAULT else policy)


def resolve_unknown(db: Session, now: datetime, *, counts: Counts | None = None) -> int:
    """Send messages of unknown fate once more, or hold them for a person, as their kind asks; return how many.

    Args:
        db: a writing session.
        now: the present instant.
        counts: told of every step, for monitors.
    """
    # the index knows unknown and held messages together, so its words come first
    unknown = select(OutboxMessage).where(
        in_states(OutboxState.UNKNOWN, OutboxState.HELD), in_states(OutboxState.UNKNOWN)
    )
    rows = db.scalars(unknown.with_for_update(skip_locked=True)).all()  # what somebody holds is settled next time
    chosen = policies(db) if rows else {}
    for row in rows:
        row.state = after_unknown(chosen[MessageKind(row.kind)], row.unknowns, row.valid_until_at, now)
        row.next_attempt_at = now
        if counts is not None:
            counts.step(OutboxState.UNKNOWN, row.state, row.reason)
    db.flush()
    return len(rows)
