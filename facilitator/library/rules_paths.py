"""What a pathway of one's own has to keep to, what it may do all the same, and what is proposed for it.

A fault that is refused breaks a hard rule of the curriculum; one that is not is a warning. Faults are codes, not
sentences. It must never know the database, nor what a title says beyond whether it tells something.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from facilitator.curriculum.rules import (
    THEMES,
    Focus,
    GroupKind,
    Pole,
    SessionKind,
    Topic,
    path_cap,
    vulnerability_comes_too_early,
)

SESSIONS = range(4, 21)
LENGTHS = (60, 75, 90)
MOST_TITLE_WORDS = 3
WOVEN = 2
"""Weaving takes two different themes."""

NEWCOMERS_CAP = 1
"""How deep the explore part of an open group goes when newcomers are expected."""

_THEMED = tuple(Focus(theme) for theme in THEMES)
_RANK = {Focus.FEAR: 0, Focus.SHAME: 1, Focus.POWERLESSNESS: 1, Focus.VULNERABILITY: 2}
"""The teaching order; shame and powerlessness may be swapped."""

# beginnings of words, English and Spanish, without accents
_TELLING = re.compile(
    r"betray|affair|infidel|cheat|adulter|trauma|abus|violen|partner|spouse|husband|wife|marriage|divorc|shame|fear|"
    r"powerless|vulnerab|therap|counsel|support|heal|group|recover|bind|crisis|wound|hurt|grief|identity|belong|"
    r"traici|infiel|engan|aventura|maltrat|pareja|espos|marido|matrimonio|verguenza|miedo|impoten|terap|apoyo|sanar|"
    r"sanacion|grupo|recupera|nudo|herida|duelo|identidad|pertenencia"
)


class FaultCode(StrEnum):
    """What a path does that it may not, or that is better known beforehand."""

    NO_OPENING = "no_opening"
    NO_CLOSING = "no_closing"
    FIRST_DEEP = "first_deep"  # depth, limit
    LAST_DEEP = "last_deep"  # depth, limit
    TOO_DEEP = "too_deep"  # depth, limit
    VULNERABILITY_EARLY = "vulnerability_early"  # earliest
    ONE_SIDED = "one_sided"  # focus, pole
    TITLE_TELLS = "title_tells"  # word
    TITLE_LONG = "title_long"  # most
    TITLE_TWICE = "title_twice"  # other
    WEAVING_EARLY = "weaving_early"  # met
    OTHER_ORDER = "other_order"  # focus, before
    LEAP = "leap"  # depth, before
    THEME_MISSING = "theme_missing"  # focus

    @property
    def is_refused(self) -> bool:
        """Say whether a path with this fault cannot be saved."""
        return self not in _WARNINGS

    @property
    def about(self) -> str:
        """Name the answer that it is about: focus, cap, sides or participant_title."""
        return _ABOUT.get(self, "focus")


_WARNINGS = frozenset({FaultCode.WEAVING_EARLY, FaultCode.OTHER_ORDER, FaultCode.LEAP, FaultCode.THEME_MISSING})
_DEPTHS = (FaultCode.FIRST_DEEP, FaultCode.LAST_DEEP, FaultCode.TOO_DEEP, FaultCode.LEAP)
_TITLES = (FaultCode.TITLE_TELLS, FaultCode.TITLE_LONG, FaultCode.TITLE_TWICE)
_ABOUT: Mapping[FaultCode, str] = {
    **dict.fromkeys(_DEPTHS, "cap"),
    **dict.fromkeys(_TITLES, "participant_title"),
    FaultCode.ONE_SIDED: "sides",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault, the session it stands in counted from 1 (0 for the whole path), and the words and figures of it."""

    code: FaultCode
    at: int = 0
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One session of a path as the rules see it.

    Args:
        cap: how deep it is meant to go, 1 to 3.
        takes: the single pulls that its explore parts ask for first.
    """

    focus: Focus
    cap: int
    takes: frozenset[Pole]
    participant_title: str = ""


def kind_at(position: int, count: int, kind: GroupKind) -> SessionKind:
    """Say whether a session opens a closed series, closes it, or stands between; position is counted from 1."""
    if kind is GroupKind.OPEN or 1 < position < count:
        return SessionKind.STANDARD
    return SessionKind.FIRST if position == 1 else SessionKind.LAST


def topic_of(focus: Focus, session_kind: SessionKind) -> Topic:
    """Say what a session is about in a short teaching; opening and closing have their own."""
    if focus is Focus.CORE and session_kind is not SessionKind.STANDARD:
        return Topic.OPENING if session_kind is SessionKind.FIRST else Topic.CLOSING
    return Topic(focus)


def propose_foci(kind: GroupKind, count: int) -> tuple[Focus, ...]:
    """Propose what each session is about: the themes in teaching order with equal time, the first ones a little more.

    From seven sessions on a closed path looks at the bind itself after its opening, and from eight it weaves; an open
    cycle does so from five and six on.
    """
    ends = 2 if kind is GroupKind.CLOSED else 0
    room = count - ends
    has_bind, has_weaving = room > len(_THEMED), room > len(_THEMED) + 1
    times, more = divmod(room - has_bind - has_weaving, len(_THEMED))
    themed = [focus for at, focus in enumerate(_THEMED) for _ in range(times + (at < more))]
    inner = [*([Focus.CORE] * has_bind), *themed, *([Focus.WEAVING] * has_weaving)]
    edge = [Focus.CORE] * (ends // 2)
    return (*edge, *inner, *edge)


def place_for_one_more(foci: Sequence[Focus], kind: GroupKind) -> tuple[int, Focus]:
    """Propose where one more session goes, counted from 0, and its focus: the theme that is met least."""
    least = min(_THEMED, key=foci.count)
    if least in foci:
        return len(foci) - foci[::-1].index(least), least
    return len(foci) - (kind is GroupKind.CLOSED), least


def list_faults(kind: GroupKind, minutes: int, steps: Sequence[Step]) -> tuple[Fault, ...]:
    """List everything about a path that is refused or better known, in the order of its sessions.

    Args:
        kind: of the groups it is for.
        minutes: the longest sessions that it is written for.
        steps: its sessions in order.
    """
    found = (
        *_missing_ends(kind, steps),
        *_too_deep(kind, minutes, steps),
        *_early_vulnerability(steps),
        *_one_sided(steps),
        *_titles(steps),
        *_early_weaving(kind, steps),
        *_other_order(kind, steps),
        *_leaps(steps),
        *_missing_themes(steps),
    )
    return tuple(sorted(found, key=lambda fault: fault.at or len(steps) + 1))


def find_telling(title: str) -> str | None:
    """Return the part of a title that would tell a stranger what the group is about, or None."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().casefold()
    found = _TELLING.search(plain)
    return found[0] if found else None


def _missing_ends(kind: GroupKind, steps: Sequence[Step]) -> Iterator[Fault]:
    if kind is GroupKind.CLOSED:
        ends = ((FaultCode.NO_OPENING, 1), (FaultCode.NO_CLOSING, len(steps)))
        yield from (Fault(code=code, at=at) for code, at in ends if steps[at - 1].focus is not Focus.CORE)


def _too_deep(kind: GroupKind, minutes: int, steps: Sequence[Step]) -> Iterator[Fault]:
    edges = {SessionKind.FIRST: FaultCode.FIRST_DEEP, SessionKind.LAST: FaultCode.LAST_DEEP}
    for at, step in enumerate(steps, start=1):
        limit = path_cap(at, len(steps), kind, minutes)
        if step.cap > limit:
            code = edges.get(kind_at(at, len(steps), kind), FaultCode.TOO_DEEP)
            yield Fault(code=code, at=at, params={"depth": step.cap, "limit": limit})


def _early_vulnerability(steps: Sequence[Step]) -> Iterator[Fault]:
    count = len(steps)
    earliest = next(at for at in range(1, count + 1) if not _is_early(at, count))
    for at, step in enumerate(steps, start=1):
        if step.focus is Focus.VULNERABILITY and _is_early(at, count):
            yield Fault(code=FaultCode.VULNERABILITY_EARLY, at=at, params={"earliest": earliest})


def _is_early(position: int, count: int) -> bool:
    order = [Focus.CORE] * count
    order[position - 1] = Focus.VULNERABILITY
    return vulnerability_comes_too_early(order)


def _one_sided(steps: Sequence[Step]) -> Iterator[Fault]:
    # said at the last meeting on the theme, where the other side can still be taken up
    for theme in _THEMED:
        meetings = [(at, step.takes) for at, step in enumerate(steps, start=1) if step.focus is theme]
        missing = Pole.BOTH.sides.difference(*(takes for _at, takes in meetings)) if meetings else ()
        if missing:
            yield Fault(code=FaultCode.ONE_SIDED, at=meetings[-1][0], params={"focus": theme, "pole": min(missing)})


def _titles(steps: Sequence[Step]) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for at, step in enumerate(steps, start=1):
        title = " ".join(step.participant_title.casefold().split())
        telling = find_telling(title)
        if telling:
            yield Fault(code=FaultCode.TITLE_TELLS, at=at, params={"word": telling})
        if len(title.split()) > MOST_TITLE_WORDS:
            yield Fault(code=FaultCode.TITLE_LONG, at=at, params={"most": MOST_TITLE_WORDS})
        if title and title in seen:
            yield Fault(code=FaultCode.TITLE_TWICE, at=at, params={"other": seen[title]})
        seen.setdefault(title, at)


def _early_weaving(kind: GroupKind, steps: Sequence[Step]) -> Iterator[Fault]:
    if kind is GroupKind.OPEN:  # each session stands by itself there
        return
    for at, step in enumerate(steps, start=1):
        met = len({before.focus for before in steps[: at - 1]} & set(_THEMED))
        if step.focus is Focus.WEAVING and met < WOVEN:
            yield Fault(code=FaultCode.WEAVING_EARLY, at=at, params={"met": met})


def _other_order(kind: GroupKind, steps: Sequence[Step]) -> Iterator[Fault]:
    if kind is GroupKind.OPEN:
        return
    firsts = {step.focus: at for at, step in reversed(list(enumerate(steps, start=1))) if step.focus in _RANK}
    for focus, at in firsts.items():
        later = [other for other, place in firsts.items() if place > at and _RANK[other] < _RANK[focus]]
        # what comes too early is refused already
        if later and not (focus is Focus.VULNERABILITY and _is_early(at, len(steps))):
            yield Fault(
                code=FaultCode.OTHER_ORDER, at=at, params={"focus": focus, "before": min(later, key=_RANK.__getitem__)}
            )


def _leaps(steps: Sequence[Step]) -> Iterator[Fault]:
    for at, (before, step) in enumerate(pairwise(steps), start=2):
        if step.cap > before.cap + 1:
            yield Fault(code=FaultCode.LEAP, at=at, params={"depth": step.cap, "before": before.cap})


def _missing_themes(steps: Sequence[Step]) -> Iterator[Fault]:
    met = {step.focus for step in steps}
    yield from (Fault(code=FaultCode.THEME_MISSING, params={"focus": theme}) for theme in _THEMED if theme not in met)
