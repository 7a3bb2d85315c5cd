"""Says what laying an agenda or taking over a plan came to, in the reader's language. Nothing here decides."""

from collections.abc import Iterable, Sequence

from flask_babel import gettext, ngettext

from facilitator.library.editing import Fault
from facilitator.library.wording import fault_words
from facilitator.planning.copying import Copy, Fate, Outcome
from facilitator.planning.laying import Used
from facilitator.planning.models import GroupSession, Segment
from facilitator.planning.wording import refit_words, refusal_line
from facilitator.prompts.rules_reasons import RefusalCode
from facilitator.prompts.wording import name_rule, say


def _(message: str, **params: object) -> str:
    return str(gettext(message, **params))


def fault_lines(faults: Iterable[Fault], segments: Sequence[Segment]) -> list[str]:
    """Return why the library does not take an agenda; a fault of one part begins with its name."""
    lines = []
    for fault in faults:
        number = fault.about.split("_")[1] if fault.code != "sum" and fault.about.startswith("segment_") else ""
        words = fault_words(fault)
        lines.append(f"{segments[int(number)].title}: {words}" if number else words)
    return lines


def used_words(name: str, used: Sequence[Used], meant: Sequence[GroupSession]) -> list[str]:
    """Return what came of laying an agenda.

    Args:
        name: of the agenda.
        used: what came of each session that changed.
        meant: the sessions that it was meant for.
    """
    if not used:
        return [_("Nothing has changed. That is the agenda already.")]
    if len(meant) == 1:
        return _one(name, used[0])
    numbers = [each.laying.session.position for each in used]
    words = ngettext(
        "%(name)s is the agenda of %(num)s session now.",
        "%(name)s is the agenda of %(num)s sessions now.",
        len(used),
        name=name,
    )
    said = [words]
    chosen = sum(len(each.refit.chosen) for each in used)
    if chosen:
        said.append(ngettext("Chosen again: %(num)s part.", "Chosen again: %(num)s parts.", chosen))
    emptied = [at for at, each in zip(numbers, used, strict=True) if each.refit.emptied]
    if emptied:
        said.append(_("Nothing else fits in a part of session %(numbers)s, so it is empty.", numbers=_join(emptied)))
    kept = [at for at, each in zip(numbers, used, strict=True) if each.refit.kept]
    if kept:
        said.append(_("A locked part of session %(numbers)s no longer fits the rules and stayed.", numbers=_join(kept)))
    return said


def _one(name: str, used: Used) -> list[str]:
    said = [_("%(name)s is the agenda now.", name=name)]
    if used.laying.going:
        said.append(_("Gone: %(parts)s.", parts=_join(segment.title for segment in used.laying.going)))
    if used.refit.chosen or used.refit.emptied or used.refit.kept:
        return [*said, *refit_words(used.refit)]
    return [*said, _("What was in the parts that stay is still there.")]


def outcome_words(outcome: Outcome) -> tuple[str, str]:
    """Return what becomes of one part of a plan that is taken over: in a few words, and a sentence or nothing.

    A rule that refuses is called by its name.
    """
    match outcome.fate:
        case Fate.TAKEN:
            return (_("Taken over, and stays locked.") if outcome.is_locked else _("Taken over.")), ""
        case Fate.SILENT:
            return _("A silent minute, as there."), ""
        case Fate.LOCKED:
            return _("Locked here, so it keeps what it has."), ""
        case Fate.PRIVATE:
            return _("Chosen anew."), _("It belongs to somebody who does not lead this group.")
        case Fate.REFUSED if outcome.refusal:
            refusal = outcome.refusal
            return name_rule(refusal.rule, _), say(refusal.code, refusal.params, _) + " " + _("Chosen anew.")
        case Fate.PLAIN:
            return "", ""
        case _:
            return _("Chosen by the rules."), _("Nothing stands there.")


def copied_words(copies: Sequence[Copy]) -> list[str]:
    """Return what came of taking plans over: how much, and what was chosen anew, by the rules that asked for it."""
    taken = sum(len(each.of(Fate.TAKEN)) for each in copies)
    anew = [(each.session, found) for each in copies for found in each.of(Fate.REFUSED, Fate.PRIVATE)]
    all_ = taken + len(anew)
    said = [_("%(taken)s of %(all)s prompts and exercises were taken over.", taken=taken, all=all_)]
    by_reason: dict[str, list[tuple[GroupSession, Outcome]]] = {}
    for session, found in anew:
        by_reason.setdefault(_reason(found), []).append((session, found))
    for reason, rows in by_reason.items():
        where = _join(each.place.part.title for _session, each in rows)
        if len(copies) > 1:
            numbers = dict.fromkeys(session.position for session, _each in rows)
            where = ngettext("session %(numbers)s", "sessions %(numbers)s", len(numbers), numbers=_join(numbers))
        said.append(_("Chosen anew, %(where)s: %(reason)s", where=where, reason=reason))
    return said


def _reason(outcome: Outcome) -> str:
    """Return in a few words why something was not taken over, the same for every part where it holds."""
    if outcome.refusal is None:
        return _("It belongs to somebody who does not lead this group.")
    if outcome.refusal.code is RefusalCode.H9_LANGUAGE:  # the rule is called by what it is mostly about
        return refusal_line(outcome.refusal)
    return f"{name_rule(outcome.refusal.rule, _)}."


def _join(parts: Iterable[object]) -> str:
    return ", ".join(map(str, parts))
