"""One line of JSON per figure, so that two runs can be compared by a program."""

import json
import statistics
import time
from collections.abc import Callable


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
