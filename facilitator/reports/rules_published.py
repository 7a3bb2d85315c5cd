"""The figures that leave those who lead, worked out from whole blocks alone.

`Share` is all that is left of a block here, so that no function below could tell one session from its neighbours:
two evenings that change places, or people who came to one and not to the other, change nothing. Figures are never
rounded here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from facilitator.attendance.rules import Level
from facilitator.curriculum.rules import Focus
from facilitator.reports.rules_period import next_quarter, quarter_start
from facilitator.reports.rules_suppression import LEAST_SESSIONS, Block

LEAST_BLOCKS = 2  # for what only sessions with five answers or more can tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What is known of a session beside how many came: its plan, and how many of them had been before."""

    minutes: int
    places: int
    focus: Focus
    level: Level | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one block adds to a report.

    Args:
        minutes: the length of its sessions together.
        places: the places that they offered together.
    """

    series_id: str
    on_date: date
    people: int
    sessions: int
    minutes: int
    places: int
    focuses: Mapping[Focus, int]
    levels: Mapping[Level, int]

    @property
    def mean(self) -> float:
        """Return how many people came to a session of it on average, at least."""
        return self.people / self.sessions

    @property
    def hours(self) -> float:
        """Return its participant-hours, at least.

        By the mean length of its sessions: by the length of each, an evening that lasted longer than the others would
        say how many came to it.
        """
        return self.mean * self.minutes / 60


def make_share(series_id: str, block: Block, facts: Mapping[str, Fact]) -> Share:
    """Return what a block adds to a report; `facts` are by session id."""
    found = [facts[sitting.session_id] for sitting in block.sittings]
    return Share(
        series_id=series_id,
        on_date=block.on_date,
        people=block.people,
        sessions=block.sessions,
        minutes=sum(fact.minutes for fact in found),
        places=sum(fact.places for fact in found),
        focuses=Counter(fact.focus for fact in found),
        levels=Counter(fact.level for fact in found if fact.level is not None),
    )


def count_people(shares: Iterable[Share]) -> int:
    """Return the person-attendances, at least."""
    return sum(share.people for share in shares)


def count_sessions(shares: Iterable[Share]) -> int:
    """Return how many sessions the figures come from."""
    return sum(share.sessions for share in shares)


def mean_people(shares: Sequence[Share]) -> float | None:
    """Return how many came to a session on average, or None without a block."""
    return count_people(shares) / count_sessions(shares) if shares else None


def mean_places(shares: Sequence[Share]) -> float | None:
    """Return how many places a session offered on average, or None without a block."""
    return sum(share.places for share in shares) / count_sessions(shares) if shares else None


def hold(shares: Sequence[Share]) -> tuple[float, int] | None:
    """Return the mean of the last block of each series over that of its first, and how many series have both.

    The completion proxy: somebody new can hide somebody who left. None where no series has two blocks.
    """
    by_series = sorted(shares, key=lambda share: (share.series_id, share.on_date))
    found = [list(blocks) for _series, blocks in groupby(by_series, key=lambda share: share.series_id)]
    pairs = [(blocks[0].mean, blocks[-1].mean) for blocks in found if len(blocks) >= LEAST_BLOCKS]
    first = sum(before for before, _after in pairs)
    return (sum(after for _before, after in pairs) / first, len(pairs)) if first else None


def mean_by_focus(shares: Sequence[Share], focus: Focus) -> tuple[float | None, int]:
    """Return how many came to a session on average in the blocks that met a focus, and from how many sessions on it.

    The mean of the blocks stands in for that of the sessions, which beside the totals could be told apart by
    subtraction. None with fewer than three sessions on the focus.
    """
    sessions = sum(share.focuses.get(focus, 0) for share in shares)
    if sessions < LEAST_SESSIONS:
        return None, sessions
    return sum(share.mean * share.focuses.get(focus, 0) for share in shares) / sessions, sessions


def usual_level(shares: Sequence[Share]) -> Level | None:
    """Return what share of people had most often been before, or None with fewer than two blocks or three answers.

    A level is kept where five or more answered: how many sessions have one, and which, is not said.
    """
    levels: Counter[Level] = Counter()
    for share in shares:
        levels.update(share.levels)
    if len(shares) < LEAST_BLOCKS or levels.total() < LEAST_SESSIONS:
        return None
    return max(Level, key=lambda level: (levels[level], list(Level).index(level)))


def split_quarters(shares: Sequence[Share]) -> list[tuple[date, tuple[Share, ...]]]:
    """Return the first day of each calendar quarter and its blocks, from the first that has one to the last."""
    found: list[tuple[date, tuple[Share, ...]]] = []
    last = max((share.on_date for share in shares), default=date.min)
    on = min((share.on_date for share in shares), default=date.max)
    while on <= last:
        first, after = quarter_start(on), next_quarter(on)
        found.append((first, tuple(share for share in shares if first <= share.on_date < after)))
        on = after
    return found
