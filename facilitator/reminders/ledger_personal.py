"""What people see of the messages that belong to no session: the question, the welcome, the question asked again.

Numbers by group and kind alone, as everywhere in the ledger. Reads only.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from facilitator.groups.models import Group, Participant
from facilitator.reminders.ledger import COMING, NEVER_SENT
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.rules import KINDS_WITHOUT_SESSION, MessageKind, OutboxState


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalLine:
    """All messages of one kind to the people of one group.

    Args:
        counts: messages by state, only states that occur; what was taken back before it went out is left out.
    """

    group_id: str
    label: str
    kind: MessageKind
    counts: dict[OutboxState, int]

    @property
    def to_come(self) -> int:
        """Return how many are still to be sent."""
        return sum(self.counts.get(state, 0) for state in COMING)


def list_personal(db: Session, group_ids: Collection[str]) -> Sequence[PersonalLine]:
    """Return the messages of these groups that belong to no session, by label and kind, in one query."""
    found = db.execute(
        select(Participant.group_id, Group.label, OutboxMessage.kind, OutboxMessage.state, func.count())
        .join(Participant, Participant.id == OutboxMessage.participant_id)
        .join(Group, Group.id == Participant.group_id)
        .where(
            Participant.group_id.in_(group_ids),
            OutboxMessage.kind.in_(KINDS_WITHOUT_SESSION),
            OutboxMessage.state.not_in(NEVER_SENT),
        )
        .group_by(Participant.group_id, Group.label, OutboxMessage.kind, OutboxMessage.state)
    )
    counts: defaultdict[tuple[str, str, MessageKind], dict[OutboxState, int]] = defaultdict(dict)
    for group_id, label, kind, state, count in found:
        counts[label, group_id, MessageKind(kind)][OutboxState(state)] = count
    ordered = sorted(counts.items(), key=lambda pair: (pair[0][:2], KINDS_WITHOUT_SESSION.index(pair[0][2])))
    return [
        PersonalLine(group_id=group_id, label=label, kind=kind, counts=states)
        for (label, group_id, kind), states in ordered
    ]
