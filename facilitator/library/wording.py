"""What faults of an entry and countries are called on pages, in the reader's language. Nothing here decides."""

from flask_babel import get_locale
from flask_babel import gettext as _

from facilitator.curriculum.catalogue import ANYWHERE, EUROPEAN_UNION
from facilitator.library.editing import Fault, FaultCode


def fault_words(fault: Fault) -> str:
    """Return a fault as a sentence that says what can be done."""
    if fault.code is FaultCode.SUM:
        return _sum_words(fault.params["total"], fault.params["minutes"])
    words = {
        FaultCode.RESERVED: _("Enter fewer minutes than the part has."),
        FaultCode.NO_EXERCISE_FITS: _("Enter %(least)s or more. The shortest exercise takes so long."),
        FaultCode.TOO_FEW_EXERCISES: _(
            "Fewer than %(least)s exercises would be left for one end of a session. Add another one first."
        ),
        FaultCode.DAY_AHEAD: _("Enter today or an earlier day."),
        FaultCode.NO_CONTACT: _("Enter a phone number, a text message or an address."),
        FaultCode.NO_CHECK_DAY: _("Enter the day on which this was checked with the provider. Then it can be shown."),
        FaultCode.NO_CHECK_ROLE: _("Enter what the person is who checked it."),
        FaultCode.CHECK_OUTDATED: _("The check was of other digits. Check these, and enter the day."),
        FaultCode.ADDRESS: _("Begin the address with https://."),
        FaultCode.LAST_LINE: _(
            "This is the only line for people whose country has none. Add another for any country first."
        ),
        FaultCode.NEEDED_BY_PAGES: _("Pages need this one. Give it other words instead."),
        FaultCode.SLUG_SHAPE: _("Use small letters, digits and hyphens, at most %(most)s."),
        FaultCode.SLUG_TAKEN: _("Another entry has this name in addresses already."),
    }
    return str(words[fault.code]) % fault.params if fault.params else str(words[fault.code])


def country_words(code: str) -> str:
    """Return what the country of a help line is called; a code that is not known stands as it is."""
    wide = {ANYWHERE: _("Any country"), EUROPEAN_UNION: _("European Union")}
    return str(wide.get(code) or get_locale().territories.get(code, code))


def _sum_words(total: int, minutes: int) -> str:
    if total < minutes:
        words = _("The parts add up to %(total)s minutes. Add %(rest)s.", total=total, rest=minutes - total)
    else:
        words = _("The parts add up to %(total)s minutes. Take away %(rest)s.", total=total, rest=total - minutes)
    return str(words)
