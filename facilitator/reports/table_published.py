"""The figures that may be handed on as a CSV file, in the words of the page that it stands beside."""

from collections.abc import Sequence

from facilitator.reports.table import write_rows
from facilitator.reports.wording import Line, say_headings


def published_csv(about: str, period: str, lines: Sequence[Line], rules: Sequence[Line]) -> bytes:
    """Return one row a figure, then one for each sentence on what they rest on.

    Args:
        about: the group, the series or all groups, in words.
        period: the days, in words.
        lines: the figures of the page.
        rules: the sentences that stand below them on the page.
    """
    rows = (
        (about, period, line.label, line.figure, line.value, str(line.sessions or ""), line.note)
        for line in (*lines, *rules)
    )
    return write_rows(say_headings(), rows)
