"""`python -m tests.bench [NAME [OPTIONS]]`: runs the named benchmark, or all that take less than a minute."""

import sys
from collections.abc import Callable, Sequence

from tests.bench import chaos, checkin, delivery, judgement, lighthouse, outbox, pages, planning, startup

BENCHMARKS: dict[str, Callable[[], None]] = {
    "judgement": judgement.run,
    "pages": pages.run,
    "planning": planning.run,
    "startup": startup.run,
}
# these take minutes and options of their own, and run by name alone
LONG_BENCHMARKS: dict[str, Callable[[Sequence[str]], int]] = {
    "chaos": chaos.run,
    "checkin": checkin.run,
    "delivery": delivery.run,
    "lighthouse": lighthouse.run,
    "outbox": outbox.run,
}


def main(arguments: Sequence[str]) -> int:
    """Run benchmarks by name and return the exit code."""
    if arguments and arguments[0] in LONG_BENCHMARKS:
        return LONG_BENCHMARKS[arguments[0]](arguments[1:])
    unknown = [name for name in arguments if name not in BENCHMARKS]
    if unknown:
        known = ", ".join((*BENCHMARKS, *LONG_BENCHMARKS))
        print(f"There is no benchmark {unknown[0]}. Choose from: {known}.", file=sys.stderr)
        return 2
    for name in arguments or BENCHMARKS:
        BENCHMARKS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
