"""What each kind of entry asks of the person who writes one: the keys of its table, their labels and their limits.

What the program sets itself is not asked: ids, numbers of versions, the order of the parts of an agenda.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from facilitator.curriculum.catalogue import ANYWHERE, EUROPEAN_UNION
from facilitator.curriculum.materials import AgreementLine, Exercise, HelpLine
from facilitator.curriculum.pathways import Agenda
from facilitator.curriculum.rules import ExerciseUse, HelpKind
from facilitator.curriculum.scripts import (
    CrisisCard,
    Debrief,
    Pregroup,
    Recap,
    Roles,
    Signs,
    SilentMinute,
    SlowDown,
    SlowDownScript,
)
from facilitator.times import list_countries

LONGEST_TITLE, LONGEST_PURPOSE, LONGEST_NOTE = 80, 300, 400  # as the parts of a session keep them
LONGEST_TEXT = 1000
MOST_MINUTES = 120


class Answer(StrEnum):
    """How a key is answered."""

    LINE = "line"
    TEXT = "text"
    LINES = "lines"
    NUMBER = "number"
    BOX = "box"
    ONE = "one"
    FROM_LIST = "from_list"
    SEVERAL = "several"
    DAY = "day"
    ROWS = "rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One key of an entry's table.

    Args:
        most: characters (of one line, where there are several), or the highest number.
        needed: False where it may stay empty.
        spoken: it is read aloud.
        choices: value and label of each.
        rows: what one row asks, where the value is a list of tables.
        spare: how many empty rows are offered; with 0, rows are neither added nor dropped.
    """

    key: str
    label: Any
    answer: Answer = Answer.TEXT
    hint: Any = ""
    least: int = 0
    most: int = LONGEST_TEXT
    needed: bool = True
    spoken: bool = False
    choices: Callable[[], Sequence[tuple[str, Any]]] = tuple
    rows: tuple["Asked", ...] = ()
    spare: int = 0


USES = (
    (ExerciseUse.OPEN.value, _l("At the start")),
    (ExerciseUse.CLOSE.value, _l("At the end")),
    (ExerciseUse.EITHER.value, _l("At both ends")),
)
WHEN = (
    ("revved", _l("Stirred up")),
    ("tight", _l("Tense")),
    ("numb", _l("Numb")),
    ("far_away", _l("Far away")),
    ("any", _l("At any time")),
)
HELP_KINDS = (
    (HelpKind.EMERGENCY.value, _l("Emergency")),
    (HelpKind.CRISIS.value, _l("Crisis")),
    (HelpKind.DOMESTIC_ABUSE.value, _l("Domestic abuse")),
)


def list_help_countries() -> list[tuple[str, str]]:
    """List the countries that a help line can be for, by their names in the language of the page."""
    names = get_locale().territories
    found = sorted((str(names.get(code, code)), code) for code in list_countries())
    wide = [(ANYWHERE, _("Any country")), (EUROPEAN_UNION, _("European Union"))]
    return [*wide, *((code, name) for name, code in found)]


def _line(key: str, label: Any, most: int = LONGEST_TITLE, **more: Any) -> Asked:
    return Asked(key=key, label=label, answer=Answer.LINE, most=most, **more)


def _lines(key: str, label: Any, **more: Any) -> Asked:
    return Asked(key=key, label=label, answer=Answer.LINES, hint=_l("One a line."), **more)


def _box(key: str, label: Any, **more: Any) -> Asked:
    return Asked(key=key, label=label, answer=Answer.BOX, needed=False, **more)


_TITLE = _line("title", _l("Title"))
_SAY = Asked(key="say", label=_l("Say"), spoken=True)
_NOTE = Asked(key="note", label=_l("Note"), needed=False)
_ONLINE = Asked(key="online_note", label=_l("Online"), needed=False)

_EXERCISE = (
    _line("name", _l("Name")),
    Asked(key="when", label=_l("When"), answer=Answer.SEVERAL, choices=lambda: WHEN),
    Asked(key="use", label=_l("Where in a session"), answer=Answer.ONE, choices=lambda: USES),
    Asked(key="minutes", label=_l("Minutes"), answer=Answer.NUMBER, least=1, most=15),
    _line("channel", _l("Sense used first"), most=40),
    _lines("steps", _l("Steps"), spoken=True),
    Asked(
        key="alternative",
        label=_l("Another way"),
        hint=_l("With another sense, for people whom the first does not suit."),
    ),
    Asked(key="caution", label=_l("Take care"), needed=False),
    _ONLINE,
    Asked(key="facilitator_note", label=_l("What to watch for"), needed=False),
    _box("crisis_use", _l("Suits the crisis card and slowing down")),
)
_AGREEMENT = (
    _TITLE,
    Asked(key="text", label=_l("Words"), spoken=True),
    Asked(key="order", label=_l("Place in the agreement"), answer=Answer.NUMBER, least=1, most=99),
    _box("editable", _l("A group may change it")),
    _box("online_only", _l("For groups that meet online only")),
)
_HELP_LINE = (
    _line("label", _l("Name"), most=120),
    Asked(key="country", label=_l("Country"), answer=Answer.FROM_LIST, choices=list_help_countries),
    Asked(key="kind", label=_l("Kind"), answer=Answer.ONE, choices=lambda: HELP_KINDS),
    _line("audience", _l("For whom")),
    _line("phone", _l("Phone"), most=40, needed=False),
    _line("text", _l("Text message"), needed=False, hint=_l("The number, or a word and a number.")),
    _line("url", _l("Address on the web"), most=300, needed=False),
    _line("hours", _l("Hours"), needed=False),
    _line("languages", _l("Languages"), most=120, needed=False),
    Asked(key="last_verified_on", label=_l("Last checked on"), answer=Answer.DAY, needed=False),
    _line(
        "verified_by_role",
        _l("Who checked it, as a role"),
        needed=False,
        hint=_l("Such as duty facilitator. Names are not kept."),
    ),
    Asked(key="verification_note", label=_l("About the check"), needed=False),
    _line("source_url", _l("Where it was checked"), most=300, needed=False),
    _box("active", _l("Shown on the crisis card and to participants")),
)
_AGENDA = (
    _line("name", _l("Name")),
    Asked(key="depth_note", label=_l("Depth"), most=LONGEST_NOTE, needed=False),
    Asked(
        key="segment",
        label=_l("Parts"),
        answer=Answer.ROWS,
        rows=(
            _line("title", _l("Title"), most=LONGEST_TITLE),
            Asked(key="minutes", label=_l("Minutes"), answer=Answer.NUMBER, least=1, most=MOST_MINUTES),
            Asked(key="reserved_minutes", label=_l("Kept free"), answer=Answer.NUMBER, least=0, most=MOST_MINUTES),
            Asked(key="purpose", label=_l("What it is for"), most=LONGEST_PURPOSE, needed=False),
            Asked(key="facilitator_note", label=_l("Note"), most=LONGEST_NOTE, needed=False),
        ),
    ),
)

ASKED: Mapping[type, tuple[Asked, ...]] = {
    Exercise: _EXERCISE,
    AgreementLine: _AGREEMENT,
    HelpLine: _HELP_LINE,
    Agenda: _AGENDA,
    SlowDownScript: (
        Asked(key="situation", label=_l("Situation")),
        _SAY,
        Asked(key="then", label=_l("Then"), needed=False),
    ),
    Signs: (
        _lines("too_much", _l("Too much")),
        _lines("too_little", _l("Too little")),
        _lines("whole_group", _l("The whole group")),
        _NOTE,
    ),
    SlowDown: (_TITLE, _lines("steps", _l("Steps")), Asked(key="after", label=_l("Afterwards"), needed=False)),
    CrisisCard: (
        _TITLE,
        _NOTE,
        Asked(
            key="step",
            label=_l("Steps"),
            answer=Answer.ROWS,
            rows=(_line("title", _l("Title")), Asked(key="text", label=_l("Words"))),
            spare=1,
        ),
        _ONLINE,
        Asked(key="alone_note", label=_l("Alone"), needed=False),
    ),
    Debrief: (
        _TITLE,
        _line("minutes", _l("How long")),
        Asked(key="rule", label=_l("Rule")),
        Asked(
            key="question",
            label=_l("Questions"),
            answer=Answer.ROWS,
            rows=(Asked(key="text", label=_l("Words")),),
            spare=1,
        ),
    ),
    Roles: (
        Asked(key="lead", label=_l("Leads")),
        Asked(key="watcher", label=_l("Watches")),
        Asked(key="swap", label=_l("Swapping")),
        Asked(key="alone", label=_l("Alone")),
    ),
    Recap: (
        _TITLE,
        _SAY,
        Asked(key="minutes", label=_l("Minutes"), answer=Answer.NUMBER, least=1, most=15),
    ),
    SilentMinute: (_TITLE, _SAY),
    Pregroup: (
        _TITLE,
        _NOTE,
        _lines("items", _l("To talk about")),
        _lines("outcomes", _l("How it can end")),
    ),
}
"""What the entries of each class ask, in the order of the form."""
