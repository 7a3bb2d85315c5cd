"""Turns what was done to a plan into sentences."""

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from facilitator.planning.history import Change, ChangeCode, Undoable

SENTENCES = {
    ChangeCode.MOVED: _l("%(part)s has moved."),
    ChangeCode.MINUTES: _l("%(part)s: %(minutes)s min in place of %(was)s."),
    ChangeCode.SPLIT: _l("%(part)s was split."),
    ChangeCode.TAKEN_OUT: _l("%(part)s was taken out."),
    ChangeCode.PAUSE: _l("A pause was put after %(part)s."),
    ChangeCode.NOTE: _l("The note beside %(part)s has changed."),
    ChangeCode.SWAPPED: _l("%(part)s has something else in it."),
    ChangeCode.LOCKED: _l("%(part)s was locked."),
    ChangeCode.UNLOCKED: _l("%(part)s was unlocked."),
    ChangeCode.SILENT: _l("%(part)s is a silent minute."),
    ChangeCode.OWN: _l("%(part)s has a prompt of one’s own."),
    ChangeCode.LIMIT: _l("The limit is depth %(limit)s."),
    ChangeCode.EVENING: _l("What is said of the evening has changed."),
    ChangeCode.AGAIN: _l("Unlocked slots were chosen again."),
    ChangeCode.LAID: _l("Another agenda was laid: %(name)s."),
    ChangeCode.COPIED: _l("The plan of %(title)s was taken over."),
}


def change_words(change: Undoable) -> str:
    """Return what was done, as its page and its undo say it: Pause has moved."""
    return _words(change.code, change.params)


def news_words(change: Change) -> str:
    """Return what was done and by whom: Bob: Pause has moved."""
    return str(_("%(name)s: %(words)s", name=change.by or _("Somebody"), words=change_words(change)))


def _words(code: ChangeCode, params: Mapping[str, object]) -> str:
    if code is ChangeCode.UNDONE:
        return str(_("Undone: %(words)s", words=_words(ChangeCode(str(params["code"])), params)))
    if code is ChangeCode.TIMES:
        return str(ngettext("%(num)s part has other minutes.", "%(num)s parts have other minutes.", params["count"]))
    return str(SENTENCES[code]) % params
