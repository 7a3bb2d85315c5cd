"""The figures that may be handed on, as lines that the page and its file say alike.

A line without a figure says why. It puts words around numbers and works nothing out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import format_decimal, format_percent, gettext

from facilitator.attendance.rules import Level
from facilitator.planning.wording import date_words
from facilitator.reports.published import Published
from facilitator.reports.pulse import PulseFigure
from facilitator.reports.rules_period import Period, quarter_number
from facilitator.reports.rules_published import hold, mean_people, mean_places, usual_level
from facilitator.reports.rules_suppression import LEAST_SESSIONS


def _(message: str, **params: object) -> str:
    return str(gettext(message, **params))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure.

    Args:
        figure: as it is said; where there is none, why.
        value: the bare number for a file, or nothing.
        sessions: how many sessions it comes from, where that can be said.
        note: what it does not say.
    """

    label: str
    figure: str
    value: str = ""
    sessions: int | None = None
    note: str = ""


def say_lines(found: Published, pulse: Sequence[PulseFigure]) -> list[Line]:
    """Return every figure that may be handed on."""
    return [*_say_sessions(found), *_say_people(found), *_say_pulse(pulse)]


def _say_sessions(found: Published) -> Iterator[Line]:
    counts = found.counts
    every = counts.planned + counts.cancelled
    yield Line(label=_("Groups that met"), figure=str(counts.groups), value=str(counts.groups), sessions=counts.held)
    held = _("%(held)s of %(planned)s", held=counts.held, planned=counts.planned)
    gone = _(
        "%(cancelled)s cancelled, %(not_held)s did not take place", cancelled=counts.cancelled, not_held=counts.not_held
    )
    yield Line(
        label=_("Sessions held, of those planned"), figure=held, value=str(counts.held), sessions=every, note=gone
    )


def _say_people(found: Published) -> Iterator[Line]:
    shares, why, sessions = found.shares, why_hidden(found), found.sessions
    average, places = mean_people(shares), mean_places(shares)
    labels = (_("Person-attendances"), _("Participant-hours"), _("Came on average"), _("Places taken"))
    if average is None or places is None:
        yield from (Line(label=label, figure=why) for label in labels)
    else:
        hours = sum(share.hours for share in shares)
        figures = (
            (_("at least %(count)s", count=found.people), str(found.people)),
            (_("at least %(hours)s", hours=format_decimal(round(hours, 1))), f"{hours:.1f}"),
            (_("about %(mean)s of %(places)s", mean=round(average), places=round(places)), str(round(average))),
            (_("about %(share)s", share=format_percent(average / places)), f"{average / places:.2f}"),
        )
        for label, (figure, value) in zip(labels, figures, strict=True):
            yield Line(label=label, figure=figure, value=value, sessions=sessions)
    yield _say_holding(found)
    yield _say_level(found)


def _say_holding(found: Published) -> Line:
    label, held = _("Holding (completion proxy)"), hold(found.shares)
    caveat = _("The last block of sessions against the first. A newcomer can hide someone who left.")
    if held is None:
        return Line(label=label, figure=_("not yet: no series has two blocks"), note=caveat)
    share, _series = held
    figure = _("about %(share)s", share=format_percent(share))
    return Line(label=label, figure=figure, value=f"{share:.2f}", sessions=found.sessions, note=caveat)


def _say_level(found: Published) -> Line:
    label, level = _("Had been before"), usual_level(found.shares)
    if level is None:
        return Line(label=label, figure=_("hidden, fewer than 2 blocks or 3 answers"))
    said = {Level.FEW: _("few of those who came"), Level.HALF: _("about half"), Level.MOST: _("most of those who came")}
    return Line(label=label, figure=said[level], value=level.value, note=_("In most sessions that have an answer."))


def _say_pulse(pulse: Sequence[PulseFigure]) -> Iterator[Line]:
    if not pulse:
        yield Line(label=_("Pulse"), figure=_("hidden, fewer than 3 sessions with answers"))
    for each in pulse:
        figure = _("%(share)s of at least %(answers)s answers", share=format_percent(each.well), answers=each.answers)
        note = ""
        if each.question == "pace":
            note = _(
                "Too slow %(slow)s, too fast %(fast)s.", slow=format_percent(each.slow), fast=format_percent(each.fast)
            )
        yield Line(
            label=_("Pulse: %(question)s", question=question_words(each.question)),
            figure=figure,
            value=f"{each.well:.1f}",
            sessions=each.sessions,
            note=note,
        )


def question_words(question: str) -> str:
    """Return what the two best answers to a question of the pulse say."""
    return {
        "steady": _("mostly or very steady at the end"),
        "free": _("mostly or very free to speak or stay quiet"),
        "pace": _("pace about right"),
        "use": _("leaving with something to use"),
    }.get(question, question)


def why_hidden(found: Published) -> str:
    """Return why there is no figure about people."""
    if found.counts.held < LEAST_SESSIONS:
        return _("hidden, fewer than 3 sessions")
    return _("not yet, the sessions wait for a whole block")


def period_words(period: Period) -> str:
    """Return the days of a report: 1 July 2026 to 30 September 2026."""
    if period.first_on and period.last_on:
        return _("%(first)s to %(last)s", first=date_words(period.first_on), last=date_words(period.last_on))
    if period.first_on:
        return _("From %(first)s on", first=date_words(period.first_on))
    return _("Until %(last)s", last=date_words(period.last_on)) if period.last_on else _("Everything so far")


def quarter_words(on: date) -> str:
    """Return the short name of the quarter that a day lies in: Q3 2026."""
    return _("Q%(number)s %(year)s", number=quarter_number(on), year=on.year)


def say_headings() -> tuple[str, ...]:
    """Return what stands over the columns of a file of lines."""
    return _("About"), _("Period"), _("Measure"), _("Figure"), _("Number"), _("From sessions"), _("Note")


def say_rules() -> tuple[Line, ...]:
    """Return how the figures come about, in sentences."""
    sentences = (
        _(
            "Figures about people are worked out from blocks: at least 3 counted sessions, one after another in a series, with at least 6 person-attendances. A block counts on the day of its last session. It appears when 3 more sessions are counted or the series is over, and no count in it can be corrected."
        ),
        _(
            "So no number of a single session can be had by subtraction, not even from two copies of different days. Only where every session of a block was full does the sum say so, and of a full session no more than “7 or more” is kept."
        ),
        _("“7 or more” is counted as 7 and “few” as 0, so sums and means are the least there can have been."),
    )
    return tuple(Line(label=_("How to read it"), figure=sentence) for sentence in sentences)
