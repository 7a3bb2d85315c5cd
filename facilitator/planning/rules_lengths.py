"""Brings the parts of one agenda to another length of session, and pairs the parts of two agendas.

Minutes and kinds alone: this module must never know the database, a prompt or a person.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from facilitator.curriculum.rules import SegmentKind

GROUNDINGS = frozenset({SegmentKind.GROUND_OPEN, SegmentKind.GROUND_CLOSE})
"""Their exercises take as long as they take, whatever the length of the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One part as far as its length goes: what it is, how long it is, and the minutes in it that no prompt can have."""

    kind: str
    minutes: int
    reserved_minutes: int = 0

    @property
    def least(self) -> int:
        """Return the minutes that it cannot do without: what is reserved and one more, or all of a grounding."""
        return self.minutes if self.kind in GROUNDINGS else self.reserved_minutes + 1


def fit_minutes(parts: Sequence[Stretch], total: int) -> tuple[int, ...] | None:
    """Return the minutes of every part so that they add up to a length, or None where that is too short.

    Groundings keep theirs. The others give or take in proportion to what each has to give, by largest remainder; of
    equal ones the earlier part first.
    """
    missing = total - sum(part.minutes for part in parts)
    room = [part.minutes - part.least for part in parts]
    if missing < -sum(room):
        return None
    shares = [0 if part.kind in GROUNDINGS else part.minutes for part in parts] if missing > 0 else room
    if missing and not any(shares):
        return None
    sign = 1 if missing > 0 else -1
    return tuple(part.minutes + sign * share for part, share in zip(parts, _split(abs(missing), shares), strict=True))


def pair_parts(wanted: Iterable[str], present: Iterable[tuple[str, str]]) -> list[str | None]:
    """Return for each wanted part which present one takes its place, or None where it is new.

    The first of a kind takes the place of the first of that kind, the second of the second: a part may be split.

    Args:
        wanted: the kind of each part of the new agenda, in order.
        present: the kind and the id of each part that is there, in order.
    """
    standing = _number(present)
    seen: Counter[str] = Counter()
    found = []
    for kind in wanted:
        found.append(standing.get((kind, seen[kind])))
        seen[kind] += 1
    return found


def _number(present: Iterable[tuple[str, str]]) -> dict[tuple[str, int], str]:
    seen: Counter[str] = Counter()
    standing = {}
    for kind, part_id in present:
        standing[kind, seen[kind]] = part_id
        seen[kind] += 1
    return standing


def _split(amount: int, shares: Sequence[int]) -> list[int]:
    """Split whole minutes in proportion to some shares, by largest remainder."""
    total = sum(shares)
    if not amount or not total:
        return [0] * len(shares)
    whole = [amount * share // total for share in shares]
    rest = amount - sum(whole)
    by_rest = sorted(range(len(shares)), key=lambda at: (-(amount * shares[at] % total), at))
    for at in by_rest[:rest]:
        whole[at] += 1
    return whole
