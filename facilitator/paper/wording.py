"""Words that more than one paper uses."""

from datetime import date

from flask_babel import gettext

from facilitator.web.filters import day_with_year


def _(message: str, **params: object) -> str:
    return str(gettext(message, **params))


def theme_words(focus: str) -> str:
    """Return the name of a theme as it stands beside its mark."""
    themes = {
        "fear": _("Fear"),
        "shame": _("Shame"),
        "powerlessness": _("Powerlessness"),
        "vulnerability": _("Vulnerability"),
        "core": _("The bind itself"),
    }
    return themes.get(focus, _("All four woven together"))


def side_words(pole: str) -> str:
    """Return the name of a side as it stands beside its mark."""
    return {"identity": _("Identity"), "belonging": _("Belonging")}.get(pole, _("Both"))


def checked_words(on: date | None) -> str:
    """Return since when the numbers to call are known to be right."""
    return _("Checked on %(day)s.", day=day_with_year(on)) if on else _("Not every line was checked lately.")
