"""Turns the codes of planning into sentences that a facilitator reads, and dates and times into words."""

from collections.abc import Sequence
from datetime import date, time
from itertools import groupby

from flask_babel import format_date, gettext

from facilitator.errors import Conflict, Invalid
from facilitator.planning.assigning import Refused
from facilitator.planning.checking import CheckCode, PlanWarning
from facilitator.planning.filling import Refit
from facilitator.planning.models import GroupSession, Segment
from facilitator.planning.rules import Rhythm, nth_in_month
from facilitator.planning.rules_notes import Note, NoteCode
from facilitator.prompts.rules_lint import LintCode, LintWarning
from facilitator.prompts.rules_reasons import Reason, Refusal, RefusalCode
from facilitator.prompts.wording import WORDS, justify_rule, name_rule, say
from facilitator.times import get_zone, to_local, zone_abbreviation, zone_city


def _(message: str, **params: object) -> str:
    return str(gettext(message, **params))


def day_words(on: date) -> str:
    """Return a date as people say it: Thursday 19 November."""
    return str(format_date(on, _("EEEE d MMMM")))


def date_words(on: date) -> str:
    """Return a date with its year: 11 January 2027."""
    return str(format_date(on, _("d MMMM yyyy")))


def wall(at: time) -> str:
    """Return a wall-clock time on the 24-hour clock."""
    return f"{at:%H:%M}"


def end_time(session: GroupSession) -> time:
    """Return what the wall clock shows when a session ends."""
    return to_local(session.ends_at, get_zone(session.zone)).time()


def in_session(words: str, session: GroupSession) -> str:
    """Return words of the library as they are said in a session: its end stands where they leave a gap for it."""
    return words.replace("[time]", wall(end_time(session)))


def when_words(session: GroupSession, day: str = "") -> str:
    """Return when a session is: Thursday 19 November, 18:30 to 20:00, London time (GMT).

    Args:
        session: the session.
        day: its day in words where it is said otherwise, as with its year.
    """
    return _(
        "%(day)s, %(start)s to %(end)s, %(city)s time (%(zone)s)",
        day=day or day_words(session.on_date),
        start=wall(session.start_time),
        end=wall(end_time(session)),
        city=zone_city(session.zone),
        zone=zone_abbreviation(session.starts_at, get_zone(session.zone)),
    )


def span_words(dates: Sequence[date]) -> str:
    """Return from when to when, without what both have in common: 11 January to 5 April 2027."""
    first, last = dates[0], dates[-1]
    if first == last:
        return date_words(last)
    pattern = _("d MMMM yyyy") if first.year != last.year else _("d MMMM") if first.month != last.month else "d"
    return _("%(first)s to %(last)s", first=format_date(first, pattern), last=date_words(last))


def rhythm_of(first_on: date, rhythm: Rhythm) -> str:
    """Return how often a series meets from its first date on: Every month on the last Saturday."""
    day = str(format_date(first_on, "EEEE"))
    match rhythm:
        case Rhythm.WEEKLY:
            return _("Every week on %(day)s", day=day)
        case Rhythm.FORTNIGHTLY:
            return _("Every 2 weeks on %(day)s", day=day)
        case Rhythm.MONTHLY:
            places = {1: _("first"), 2: _("second"), 3: _("third"), 4: _("fourth"), -1: _("last")}
            place = places[nth_in_month(first_on)]
            return _("Every month on the %(place)s %(day)s", place=place, day=day)


def dates_words(dates: Sequence[date]) -> str:
    """Return a few dates in a row: 24 and 31 December, 7 January."""
    by_month = [(list(days), month) for month, days in groupby(dates, key=lambda on: (on.year, on.month))]
    return ", ".join(
        _("%(days)s and %(last)s", days=", ".join(str(on.day) for on in days[:-1]), last=_day_and_month(days[-1]))
        if len(days) > 1
        else _day_and_month(days[0])
        for days, _month in by_month
    )


def _day_and_month(on: date) -> str:
    return str(format_date(on, _("d MMMM")))


def kind_words(kind: str) -> str:
    """Return what a part of an agenda is called."""
    return _(WORDS["kind"][kind]) if kind in WORDS["kind"] else kind


def format_words(name: str) -> str:
    """Return what a format is called."""
    return _(WORDS["format"][name]) if name in WORDS["format"] else name


def phase_words(name: str) -> str:
    """Return what the phase of a prompt is called."""
    return _(WORDS["phase"][name]) if name in WORDS["phase"] else name


def arena_words(name: str) -> str:
    """Return what an arena is called."""
    return _(WORDS["arena"][name]) if name in WORDS["arena"] else name


def reason_words(reason: Reason) -> str:
    """Return why something was chosen, or why nothing was."""
    on = reason.params.get("on")
    day = {"on": _day_and_month(date.fromisoformat(str(on)))} if on else {}
    return say(reason.code, {**reason.params, **day}, _)


def refusal_words(refusal: Refusal) -> tuple[str, str]:
    """Return which rule refuses, and what it says here with the reason for the rule."""
    rule = refusal.rule
    return name_rule(rule, _), f"{say(refusal.code, refusal.params, _)} {justify_rule(rule, _)}"


def refusal_line(refusal: Refusal) -> str:
    """Return which rule refuses and what it says here, short enough to stand beside a field."""
    return f"{name_rule(refusal.rule, _)}. {say(refusal.code, refusal.params, _)}"


def conflict_words(problem: Conflict | Invalid) -> str:
    """Return why something was refused; a hard rule in the reader's language, with its name and reason."""
    if isinstance(problem, Refused):
        name, words = refusal_words(problem.refusals[0])
        return f"{name}. {words}"
    return problem.message


def refit_words(found: Refit) -> list[str]:
    """Return what choosing anew came to: what changed, what is empty now, and what stayed, why, and what to do."""
    said = []
    if found.chosen:
        said.append(_("Chosen again: %(parts)s.", parts=_titles(found.chosen)))
    if found.emptied:
        words = _("Nothing else fits here, so it is empty now: %(parts)s.", parts=_titles(found.emptied))
        said.append(words + " " + _("Write your own, or keep it as a silent minute."))
    for part, refusal in found.kept:
        words = _("%(part)s stayed, because it is locked.", part=part.title)
        todo = _("You can unlock it and swap it.")
        said.append(f"{words} {say(refusal.code, refusal.params, _)} {todo}")
    return said or [_("The plan fits as it is; nothing was changed.")]


def _titles(parts: Sequence[Segment]) -> str:
    return ", ".join(part.title for part in parts)


def warning_words(warning: PlanWarning) -> tuple[str, str]:
    """Return what does not fit about a plan: the matter in a few words, and a sentence."""
    params = dict(warning.params)
    part = kind_words(str(params.get("kind", "")))
    match warning.code:
        case CheckCode.EMPTY_SLOT:
            return _("Nothing stands in %(part)s", part=part), _("Write your own, or keep it as a silent minute.")
        case CheckCode.NOT_REVIEWED:
            return _("%(part)s: not reviewed", part=part), _("No clinician has read this prompt yet.")
        case CheckCode.SPEAKING_SHORT:
            seconds, people = params["seconds"], params["people"]
            words = _("%(seconds)s seconds each with %(people)s people.", seconds=seconds, people=people)
            return _("%(part)s: little time for each", part=part), words + " " + _("Pairs give everyone more.")
        case RefusalCode():
            return refusal_words(Refusal(code=warning.code, params=warning.params))


def lint_words(warning: LintWarning) -> str:
    """Return what an author may want to look at again."""
    params = dict(warning.params)
    match warning.code:
        case LintCode.TOO_LONG:
            return _("It has %(words)s words. %(most)s or fewer are easier to take in.", **params)
        case LintCode.HARD_WORD:
            return _("“%(word)s” can sound like a judgement. Another word may sit better.", **params)
        case LintCode.EVENT:
            words = _("“%(words)s” asks what happened.", **params)
            return words + " " + _("Ask what it does to people now: a feeling, a need, a pull.")
        case LintCode.MANY_QUESTIONS:
            return _("It asks %(questions)s questions. One or two leave more room.", **params)
        case LintCode.DEPTH_PHASE:
            part = phase_words(str(params["phase"]))
            return _("Depth %(depth)s is deep for %(part)s; %(most)s is usual.", **{**params, "part": part})
        case LintCode.FOLLOW_UPS:
            return _("Two gentle follow-ups are usual; there are %(count)s.", **params)
        case _:
            return _plain_lint()[warning.code]


def _plain_lint() -> dict[LintCode, str]:
    only_passing = _("Passing is always allowed, so it is no other way to take part.")
    return {
        LintCode.NO_OPT_OUT: _("There is no other way to take part yet. People may want one besides passing."),
        LintCode.ONLY_PASSING: only_passing + " " + _("Name something one can do: draw it, listen, answer one half."),
        LintCode.LOUD_DEPTH: _("Depth 3 sits better in writing, silence or pairs."),
        LintCode.NO_FALLBACK: _("From depth 2 on, a quieter format to change to helps."),
    }


def _names() -> dict[str, str]:
    return {
        "christmas_eve": _("Christmas Eve"),
        "christmas_day": _("Christmas Day"),
        "day_after_christmas": _("the day after Christmas"),
        "new_years_eve": _("New Year's Eve"),
        "new_years_day": _("New Year's Day"),
        "valentines_eve": _("the day before Valentine's Day"),
        "valentines_day": _("Valentine's Day"),
        "day_after_valentines": _("the day after Valentine's Day"),
    }


def _day(on: object) -> str:
    return day_words(on) if isinstance(on, date) else str(on)


def _wall(at: object) -> str:
    return wall(at) if isinstance(at, time) else str(at)


def note_words(note: Note) -> tuple[str, str]:
    """Return a note in words: what it is, in bold, and what it means."""
    params = note.params
    match note.code:
        case NoteCode.CLOCK_FORWARD:
            first = _("The clocks in %(city)s go forward on %(day)s.", city=params["city"], day=_day(params["on"]))
            return first, _("The session stays at its time on the wall. Reminders follow it.")
        case NoteCode.CLOCK_BACK:
            first = _("The clocks in %(city)s go back on %(day)s.", city=params["city"], day=_day(params["on"]))
            return first, _("The session stays at its time on the wall. Reminders follow it.")
        case NoteCode.START_MISSING:
            return _("This time does not exist that night."), _("The clocks go forward over it.")
        case NoteCode.START_AMBIGUOUS:
            return _("This time comes twice that night."), _("The first one is meant.")
        case NoteCode.FAR_CLOCK:
            first = _("For people in %(city)s the hour changes.", city=params["city"])
            there, before = _wall(params["time"]), _wall(params["before"])
            return first, _("It is %(time)s there from this date, and %(before)s before.", time=there, before=before)
        case NoteCode.SENSITIVE:
            return _("This is %(name)s.", name=_names()[str(params["name"])]), _("Often a hard day for many people.")
        case NoteCode.PUBLIC_HOLIDAY:
            return _("Public holiday: %(name)s.", name=params["name"]), _("You chose to meet anyway.")
        case NoteCode.OVERLAP:
            first = _("At the same time as %(label)s.", label=params["label"])
            return first, _("You are expected at both.")
        case NoteCode.AFTER_LATER | NoteCode.BEFORE_EARLIER:
            return _order_words(note)


def _order_words(note: Note) -> tuple[str, str]:
    params = dict(note.params)
    if note.code is NoteCode.AFTER_LATER:
        first = _("Session %(number)s would come after session %(other)s.", **params)
    else:
        first = _("Session %(number)s would come before session %(other)s.", **params)
    return first, _("It keeps its number and its depth, so the steps no longer come in order.")
