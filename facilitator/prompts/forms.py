"""The filters of the library as a form that is sent by GET, so that a search is an address."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, TypeVar

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import RadioField, SearchField, SelectField, StringField
from wtforms.validators import Length

from facilitator.accounts.forms import LANGUAGES
from facilitator.curriculum.rules import Arena, Format, Phase, Pole, PromptStatus, SubBind
from facilitator.prompts.rules_search import Sorting, Used, Whose

LONGEST_WORDS, LONGEST_ROLE = 200, 80
T = TypeVar("T", bound=StrEnum)

ANY = ("", _l("Any"))
FOCUS = (
    ANY,
    (SubBind.FEAR.value, _l("Fear")),
    (SubBind.SHAME.value, _l("Shame")),
    (SubBind.POWERLESSNESS.value, _l("Powerlessness")),
    (SubBind.VULNERABILITY.value, _l("Vulnerability")),
    (SubBind.CORE.value, _l("The bind itself")),
)
POLES = (
    ANY,
    (Pole.IDENTITY.value, _l("Identity")),
    (Pole.BELONGING.value, _l("Belonging")),
    (Pole.BOTH.value, _l("Both")),
)
DEPTHS = (ANY, ("1", "1"), ("2", "2"), ("3", "3"))
PHASES = (
    ANY,
    (Phase.CHECKIN.value, _l("Check-in")),
    (Phase.EXPLORE.value, _l("Explore")),
    (Phase.INTEGRATE.value, _l("Integrate")),
    (Phase.CLOSE.value, _l("Close")),
)
FORMATS = (
    ANY,
    (Format.GO_ROUND.value, _l("Go-round")),
    (Format.PAIRS.value, _l("Pairs")),
    (Format.WRITING.value, _l("Writing")),
    (Format.SILENT.value, _l("Silent")),
    (Format.CIRCLE.value, _l("Circle")),
)


ARENAS = (
    ANY,
    (Arena.NERVOUS_SYSTEM.value, _l("Nervous system")),
    (Arena.SURVIVAL_INSTINCTS.value, _l("Survival instincts")),
    (Arena.ATTACHMENT_NEEDS.value, _l("Attachment needs")),
    (Arena.IDENTITY.value, _l("Sense of self")),
)
MINUTES = (ANY, *((str(minutes), _l("%(num)s min", num=minutes)) for minutes in (5, 8, 10, 12, 15, 20)))
REVIEWS = (
    ("", _l("Any in use")),
    (PromptStatus.REVIEWED.value, _l("Reviewed")),
    (PromptStatus.DRAFT.value, _l("Not reviewed")),
    (PromptStatus.RETIRED.value, _l("Out of use")),
)
WHOSE = (ANY, (Whose.OWN.value, _l("My own")), (Whose.SHARED.value, _l("Shared")))
NOT_LATELY = (3, 6, 12)
USES = (
    ANY,
    (Used.NEVER.value, _l("Never")),
    *((str(sessions), _l("Not in the last %(num)s sessions", num=sessions)) for sessions in NOT_LATELY),
    (Used.EVER.value, _l("Used before")),
)
SORTINGS = (
    (Sorting.THEME.value, _l("Theme")),
    (Sorting.PHASE.value, _l("Phase")),
    (Sorting.DEPTH.value, _l("Depth")),
    (Sorting.NEWEST.value, _l("Newest first")),
    (Sorting.LEAST_USED.value, _l("Least used first")),
)
FIELDS = {"text": "words", "sub_bind": "focus", "status": "review"}
"""Under which name the form asks for a value of a PromptFilter, where the two differ."""


class FilterForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """What a person looks for in the library; an answer that is not in a list asks for nothing."""

    class Meta:
        """A search changes nothing, so it carries no token."""

        csrf = False

    words = SearchField(_l("Words"))
    focus = RadioField(_l("Focus"), choices=lambda: FOCUS, default="")
    pole = RadioField(_l("Pole"), choices=lambda: POLES, default="")
    depth = RadioField(_l("Depth"), choices=lambda: DEPTHS, default="")
    phase = SelectField(_l("Phase"), choices=lambda: PHASES, default="")
    format = SelectField(_l("Format"), choices=lambda: FORMATS, default="")
    arena = SelectField(_l("Where it is felt"), choices=lambda: ARENAS, default="")
    minutes = SelectField(_l("At most"), choices=lambda: MINUTES, default="")
    review = SelectField(_l("Review"), choices=lambda: REVIEWS, default="")
    whose = SelectField(_l("Whose"), choices=lambda: WHOSE, default="")
    group = SelectField(_l("Group"), default="")
    used = SelectField(_l("Used there"), choices=lambda: USES, default="")
    language = SelectField(_l("Language"), choices=lambda: LANGUAGES, default="")
    sort = SelectField(_l("Sorted by"), choices=lambda: SORTINGS, default=Sorting.THEME.value)

    @classmethod
    def of(cls, asked: "MultiDict[str, str]", groups: Iterable[tuple[str, str]], edition: str) -> "FilterForm":
        """Return the form as the address asks for it.

        Args:
            asked: what stands in the address.
            groups: id and label of each group of the reader.
            edition: the language that is meant where none is asked for.
        """
        form = cls(formdata=asked or None)
        form.group.choices = [("", _l("No group")), *groups]
        for field in form:
            offered = {value for value, *_rest in getattr(field, "choices", None) or ()}
            if offered and field.data not in offered:
                field.data = edition if field.short_name == "language" else field.default
        form.language.default = edition
        return form

    def asked(self) -> dict[str, Any]:
        """Return what is looked for, by the names of a PromptFilter; what was used is the view's to add."""
        return {
            "language": self.language.data,
            "text": (self.words.data or "").replace("\0", "")[:LONGEST_WORDS],
            "sub_bind": _member(SubBind, self.focus),
            "pole": _member(Pole, self.pole),
            "arena": _member(Arena, self.arena),
            "depth": int(self.depth.data) if self.depth.data else None,
            "phase": _member(Phase, self.phase),
            "format": _member(Format, self.format),
            "minutes": int(self.minutes.data) if self.minutes.data else None,
            "status": _member(PromptStatus, self.review),
            "whose": _member(Whose, self.whose),
        }

    @property
    def in_use(self) -> list[tuple[str, Any]]:
        """List the filters that narrow the search: name and label of each."""
        return [(field.short_name, field.label.text) for field in self if self._narrows(field)]

    @property
    def values(self) -> dict[str, Any]:
        """Return the filters for the address of another page."""
        return {field.short_name: field.data for field in self if field.data and field.data != field.default}

    def values_without(self, name: str) -> dict[str, Any]:
        """Return the filters but one, for the address of a wider search."""
        return {other: value for other, value in self.values.items() if other != name}

    def _narrows(self, field: Any) -> bool:
        if field.short_name in ("group", "sort", "language"):
            return False
        # without a group, there is nothing to compare with
        return bool(field.data) and (field.short_name != "used" or bool(self.group.data))


def _member(kind: type[T], field: Any) -> T | None:
    return kind(field.data) if field.data in {member.value for member in kind} else None


class ReviewForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """What a reviewer is; who it was is not kept."""

    role = StringField(_l("What you are, such as clinical psychologist"), validators=[Length(max=LONGEST_ROLE)])
