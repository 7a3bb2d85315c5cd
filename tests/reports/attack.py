"""Somebody who holds every page and file that was ever handed on, and knows every rule and every plan.

They learn from the files which sessions stand behind each sum, put all sums together, whatever group, series, period
and day they are from, and solve for what is behind them.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

LEAST_SESSIONS, LEAST_WIDTH = 3, 5


@dataclass
class Knowledge:
    """Sums of person-attendances over sets of sessions."""

    sums: dict[frozenset, int] = field(default_factory=dict)
    findings: set[str] = field(default_factory=set)

    def add(self, sessions, people):
        """Take in one sum; the same sessions with two sums tell what was changed between them."""
        if self.sums.setdefault(sessions, people) != people:
            self.findings.add(f"{len(sessions)} sessions have two sums")

    def solve(self):
        """Return what is known too well, in words."""
        atoms = self._atoms()
        rows = reduce_rows(
            [
                [Fraction(atom <= sessions) for atom in atoms] + [Fraction(people)]
                for sessions, people in self.sums.items()
            ]
        )
        upper = [min(people for sessions, people in self.sums.items() if atom <= sessions) for atom in atoms]
        known = {row.index(1): row[-1] for row in rows if sum(value != 0 for value in row[:-1]) == 1}
        for at, atom in enumerate(atoms):
            low, high = (known[at], known[at]) if at in known else (0, upper[at])
            if at in known and len(atom) < LEAST_SESSIONS:
                self.findings.add(f"the sum of {len(atom)} sessions is {known[at]}")
            if len(atom) > 1 or at not in known:
                low = 0
            if high - low < LEAST_WIDTH:
                self.findings.add(f"a session of {len(atom)} lies between {low} and {high}")
        return self.findings

    def _atoms(self):
        """Return the smallest sets that sums tell apart: sessions that always stand together."""
        together = defaultdict(set)
        for session in frozenset().union(*self.sums):
            together[frozenset(key for key in self.sums if session in key)].add(session)
        return [frozenset(sessions) for sessions in together.values()]


def reduce_rows(rows):
    """Return linear equations in reduced row echelon form."""
    done = 0
    for column in range(len(rows[0]) - 1 if rows else 0):
        pivot = next((at for at in range(done, len(rows)) if rows[at][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = [value / rows[done][column] for value in rows[done]]
        for at, row in enumerate(rows):
            if at != done and row[column]:
                rows[at] = [value - row[column] * other for value, other in zip(row, rows[done], strict=True)]
        done += 1
    return rows[:done]


def learn_blocks(counted, seen):
    """Return the sets of sessions that a series' sums step by.

    Args:
        counted: (day, session) of every counted session, in time.
        seen: from how many sessions the sum up to each day comes, by day.
    """
    blocks, before = [], 0
    for day, number in sorted(seen.items()):
        if number > before:
            until = [session for on, session in counted if on <= day]
            blocks.append((day, tuple(until[before - number :])))
        before = number
    return blocks
