"""Turns what coverage finds into words that a facilitator reads, figures and all."""

from flask_babel import gettext

from facilitator.curriculum.rules import Pole
from facilitator.planning.rules_coverage import Finding, Gap, Judged
from facilitator.prompts.wording import WORDS


def _(message: str, **params: object) -> str:
    return str(gettext(message, **params))


def gap_words(gap: Gap) -> str:
    """Return what a gap is about: the belonging side of shame."""
    # a string inside the brackets of _() would be taken for one to translate
    theme_words, side_words = WORDS["sub_bind"], WORDS["pole"]
    theme = _(theme_words[gap.sub_bind])
    if gap.pole is Pole.BOTH:
        return _("both sides of %(theme)s together", theme=theme)
    return _("%(side)s of %(theme)s", side=_(side_words[gap.pole]), theme=theme)


def finding_words(judged: Judged) -> str:
    """Return what stands out about a cell: Under-served, 1 of 8 used."""
    words = _findings()[judged.finding, judged.so_far]
    return words % {"count": judged.count, "total": judged.total}


def _findings() -> dict[tuple[Finding, bool], str]:
    return {
        (Finding.MISSING, True): _("Missing, %(count)s of %(total)s used"),
        (Finding.MISSING, False): _("Missing, %(count)s of %(total)s planned"),
        (Finding.UNDER, True): _("Under-served, %(count)s of %(total)s used"),
        (Finding.UNDER, False): _("Under-served, %(count)s of %(total)s planned"),
        (Finding.OVER, True): _("Over-served, %(count)s of %(total)s used"),
        (Finding.OVER, False): _("Over-served, %(count)s of %(total)s planned"),
    }
