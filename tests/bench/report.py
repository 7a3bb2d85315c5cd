"""One line of JSON per figure, so that two runs can be compared by a program."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


def tell(name: str, figure: float, unit: str, peer: str, peer_figure: float) -> None:
    """Print one figure beside its peer."""
    ratio = round(figure / peer_figure, 3) if peer_figure else None
    values = {
        "name": name,
        "figure": round(figure, 4),
        "unit": unit,
        "peer": peer,
        "peer_figure": round(peer_figure, 4),
    }
    print(json.dumps({**values, "ratio": ratio}), flush=True)


def median_ms(work: Callable[[], object], rounds: int) -> float:
    """Return the median time of a piece of work in milliseconds, after one round to warm up."""
    work()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How fast messages went.

    Args:
        per_second: by the clock on the wall, which a busy machine slows.
        cpu_ms: what this process worked for each, which it does not; None when other processes did the work.
    """

    per_second: float
    cpu_ms: float | None = None


class Stopwatch:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._begun, self._worked = time.perf_counter(), time.process_time()

    def speed(self, messages: int) -> Speed:
        """Return how fast so many messages went."""
        seconds, worked = time.perf_counter() - self._begun, time.process_time() - self._worked
        return Speed(per_second=messages / seconds, cpu_ms=worked / messages * 1000)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a head, the first column to the left and figures to the right."""
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        cells = [
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip(), flush=True)
    print(flush=True)
