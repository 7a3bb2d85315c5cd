"""`python -m tests.bench [NAME …]`: runs the named benchmarks, or all."""

import sys
from collections.abc import Callable

from tests.bench import judgement, pages, planning, startup

BENCHMARKS: dict[str, Callable[[], None]] = {
    "judgement": judgement.run,
    "pages": pages.run,
    "planning": planning.run,
    "startup": startup.run,
}


def main(names: list[str]) -> int:
    """Run benchmarks by name and return the exit code."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"There is no benchmark {unknown[0]}. Choose from: {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        BENCHMARKS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
