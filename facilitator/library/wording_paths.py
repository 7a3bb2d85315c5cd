"""What the foci, sides and faults of a pathway are called on its pages, in the reader's language. Nothing here decides."""

from collections.abc import Iterable

from flask_babel import gettext as _

from facilitator.curriculum.rules import Focus, Topic
from facilitator.library import path_drafts as drafts
from facilitator.library.path_drafts import read_sides
from facilitator.library.rules_paths import Fault, FaultCode
from facilitator.prompts.wording import WORDS


def focus_names() -> list[tuple[str, str]]:
    """List what a session can be about."""
    return [(focus.value, _capital(_word("focus", focus))) for focus in _FOCI]


def topic_names() -> list[tuple[str, str]]:
    """List what a short teaching can be about."""
    ends = {Topic.OPENING: _("Opening"), Topic.CLOSING: _("Closing")}
    return [(topic.value, str(ends.get(topic) or _capital(_word("focus", topic)))) for topic in Topic]


def side_names(sides: Iterable[str]) -> list[tuple[str, str]]:
    """List what orders of poles are called."""
    return [(each, name_sides(each)) for each in sides]


def name_sides(sides: str) -> str:
    """Return what an order of poles is called: identity first, then belonging."""
    names = {
        drafts.EITHER: _("Either side, both together first"),
        drafts.TURNS: _("Identity, then belonging"),
        drafts.TURNS_BACK: _("Belonging, then identity"),
        drafts.TOGETHER: _("Both sides together"),
        drafts.IDENTITY: _("Identity alone"),
        drafts.BELONGING: _("Belonging alone"),
        drafts.LEAVING: _("Either side, belonging first"),
    }
    if sides in names:
        return str(names[sides])
    parts = [", ".join(_word("pole", pole) for pole in poles) for poles in read_sides(sides)]
    return _capital("; ".join(part for part in parts if part))


def fault_words(fault: Fault) -> str:
    """Return a fault as sentences that say the reason and what can be done."""
    params = {name: _put(name, value) for name, value in fault.params.items()}
    return str(_sentences()[fault.code]) % params


def _put(name: str, value: str | int) -> str:
    kind = "pole" if name == "pole" else "focus"
    return _word(kind, str(value)) if str(value) in WORDS[kind] else str(value)


def _word(kind: str, value: str) -> str:
    words = WORDS[kind][value]
    return str(_(words))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


_FOCI = (Focus.CORE, Focus.FEAR, Focus.SHAME, Focus.POWERLESSNESS, Focus.VULNERABILITY, Focus.WEAVING)


def _sentences() -> dict[FaultCode, str]:
    return {
        FaultCode.NO_OPENING: _(
            "A closed group opens with the bind itself: people, frame and agreements come first. "
            "Move a session on the bind itself here, or give this one that focus."
        ),
        FaultCode.NO_CLOSING: _(
            "A closed group ends with a closing session on the bind itself, to look back and say goodbye. "
            "Move one here, or give this one that focus."
        ),
        FaultCode.FIRST_DEEP: _(
            "The first session stays at depth %(limit)s, because nobody knows the others yet. Depth %(depth)s waits."
        ),
        FaultCode.LAST_DEEP: _(
            "The last session stays at depth %(limit)s, because nothing new is opened before a goodbye. "
            "Depth %(depth)s comes earlier."
        ),
        FaultCode.TOO_DEEP: _(
            "Here depth %(limit)s is the most. Trust grows with time, and the end needs room to come back up. "
            "Choose a lower depth than %(depth)s, or move the session."
        ),
        FaultCode.VULNERABILITY_EARLY: _(
            "Vulnerability needs the most trust, so it never comes before the middle. "
            "In a path of this length, session %(earliest)s is the earliest."
        ),
        FaultCode.ONE_SIDED: _(
            "Over the whole path, %(focus)s is met without %(pole)s. That would take sides in the bind. "
            "Take both sides up here, or in another session on it."
        ),
        FaultCode.TITLE_TELLS: _(
            "Participants and people around them see this title. “%(word)s” tells what the group is about. "
            "Choose an everyday word."
        ),
        FaultCode.TITLE_LONG: _("Participants see this title. Use %(most)s words at most."),
        FaultCode.TITLE_TWICE: _("Session %(other)s has this title too. Give each session its own."),
        FaultCode.WEAVING_EARLY: _(
            "Weaving takes two themes, and fewer were met before this session. It works better later."
        ),
        FaultCode.OTHER_ORDER: _(
            "Here %(focus)s comes before %(before)s. The library settles fear first and leaves vulnerability to the "
            "end; shame and powerlessness can change places."
        ),
        FaultCode.LEAP: _(
            "From one session to the next, depth rises by 1 at most. After depth %(before)s, depth %(depth)s is not "
            "reached here."
        ),
        FaultCode.THEME_MISSING: _("No session is on %(focus)s. The group would not hear of it."),
    }
