"""The filters of the library as a form that is sent by GET, so that a search is an address."""

from enum import StrEnum
from typing import Any, TypeVar

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, RadioField, SearchField, SelectField, StringField
from wtforms.validators import Length

from facilitator.curriculum.rules import Format, Phase, Pole, PromptStatus, SubBind

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
    reviewed = BooleanField(_l("Reviewed only"))
    mine = BooleanField(_l("My own only"))

    @classmethod
    def of(cls, asked: "MultiDict[str, str]") -> "FilterForm":
        """Return the form as the address asks for it."""
        return cls(formdata=asked or None)

    def asked(self) -> dict[str, Any]:
        """Return what is looked for, by the names of a PromptFilter."""
        return {
            "text": (self.words.data or "").replace("\0", "")[:LONGEST_WORDS],
            "sub_bind": _member(SubBind, self.focus),
            "pole": _member(Pole, self.pole),
            "depth": int(self.depth.data) if self.depth.data in dict(DEPTHS[1:]) else None,
            "phase": _member(Phase, self.phase),
            "format": _member(Format, self.format),
            "status": PromptStatus.REVIEWED if self.reviewed.data else None,
            "mine": bool(self.mine.data),
        }

    @property
    def in_use(self) -> list[tuple[str, Any]]:
        """List the filters that narrow the search: name and label of each."""
        return [(field.short_name, field.label.text) for field in self if field.data]

    @property
    def values(self) -> dict[str, Any]:
        """Return the filters for the address of another page."""
        return {field.short_name: "y" if field.data is True else field.data for field in self if field.data}


def _member(kind: type[T], field: Any) -> T | None:
    return kind(field.data) if field.data in {member.value for member in kind} else None


class ReviewForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """What a reviewer is; who it was is not kept."""

    role = StringField(_l("What you are, such as clinical psychologist"), validators=[Length(max=LONGEST_ROLE)])
