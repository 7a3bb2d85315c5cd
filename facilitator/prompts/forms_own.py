"""The form in which a prompt is written or given other words: everything that the rules look at."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    widgets,
)

from facilitator.accounts.forms import LANGUAGES
from facilitator.curriculum.rules import Arena, Format, GroupKind, Phase, Pole, SubBind
from facilitator.errors import Invalid
from facilitator.prompts.forms import ARENAS, DEPTHS, FOCUS, FORMATS, PHASES, POLES
from facilitator.prompts.models import NO_NOTE
from facilitator.prompts.rules_draft import LONGEST_NOTE, PromptDraft

LONGEST_LINE, LONGEST_TAG = 1000, 40
_SAME: tuple[str, ...] = ("language", "text", "opt_out", "facilitator_note", "sub_bind", "pole", "phase", "format")
_SAME += ("minutes_default", "minutes_min", "min_people", "online_ok")
IMAGE = "image:"
NO_IMAGE = "none"
FALLBACKS = (("", _l("None")), (Format.WRITING.value, _l("Writing")), (Format.SILENT.value, _l("Silent")))
GROUPS = ((GroupKind.CLOSED.value, _l("Closed")), (GroupKind.OPEN.value, _l("Open")))


class ChecksField(SelectMultipleField):
    """Several of a few, as boxes."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class PromptForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """The words, the ways to take part, and what the rules go by."""

    language = SelectField(_l("Language"), choices=lambda: LANGUAGES)
    text = TextAreaField(_l("The prompt"))
    content_note = StringField(_l("Say first"))
    opt_out = StringField(_l("Another way to take part"))
    follow_up_1 = StringField(_l("First follow-up"))
    follow_up_2 = StringField(_l("Second follow-up"))
    facilitator_note = TextAreaField(_l("What to watch for"))
    sub_bind = RadioField(_l("Focus"), choices=lambda: FOCUS[1:])
    pole = RadioField(_l("Side"), choices=lambda: POLES[1:])
    arenas = ChecksField(_l("Where it is felt"), choices=lambda: ARENAS[1:])
    image = StringField(_l("Image in it"))
    depth = RadioField(_l("Depth"), choices=lambda: DEPTHS[1:])
    phase = RadioField(_l("Part of the session"), choices=lambda: PHASES[1:])
    format = RadioField(_l("Format"), choices=lambda: FORMATS[1:])
    fallback_format = RadioField(_l("Quieter format"), choices=lambda: FALLBACKS)
    minutes_default = IntegerField(_l("Usual minutes"))
    minutes_min = IntegerField(_l("Least minutes"))
    min_people = IntegerField(_l("Least people"))
    group_kinds = ChecksField(_l("Kinds of group"), choices=lambda: GROUPS)
    online_ok = BooleanField(_l("Works online"))
    follows_original = BooleanField(_l("These words say what the original says now"))

    @classmethod
    def begin(cls, draft: PromptDraft) -> "PromptForm":
        """Return the form filled with a draft."""
        two = (*draft.follow_ups, "", "")
        image = next((tag.removeprefix(IMAGE) for tag in draft.tags if tag.startswith(IMAGE)), "")
        return cls(
            formdata=None,
            data={
                **{name: getattr(draft, name) for name in _SAME},
                "content_note": "" if draft.content_note == NO_NOTE else draft.content_note,
                "follow_up_1": two[0],
                "follow_up_2": two[1],
                "depth": str(draft.depth),
                "arenas": [arena.value for arena in draft.arenas],
                "fallback_format": draft.fallback_format or "",
                "group_kinds": [kind.value for kind in draft.group_kinds],
                "image": "" if image == NO_IMAGE else image,
            },
        )

    def draft(self, language: str, tags: tuple[str, ...] = ()) -> PromptDraft:
        """Return what was written.

        Args:
            language: that of the words.
            tags: what else is known of the prompt; the image is asked for here.

        Raises:
            Invalid: naming the field, when an answer cannot be read.
        """
        image = " ".join(self._text("image", LONGEST_TAG).lower().split())
        return PromptDraft(
            language=language,
            sub_bind=SubBind(self._chosen("sub_bind")),
            pole=Pole(self._chosen("pole")),
            arenas=tuple(Arena(value) for value in self._ticked("arenas")),
            depth=int(self._chosen("depth")),
            phase=Phase(self._chosen("phase")),
            format=Format(self._chosen("format")),
            fallback_format=Format(self.fallback_format.data) if self._chosen("fallback_format") else None,
            minutes_default=self._number("minutes_default"),
            minutes_min=self._number("minutes_min"),
            min_people=self._number("min_people"),
            text=self._text("text"),
            content_note=self._text("content_note", LONGEST_NOTE) or NO_NOTE,
            opt_out=self._text("opt_out"),
            follow_ups=tuple(words for name in ("follow_up_1", "follow_up_2") if (words := self._text(name))),
            facilitator_note=self._text("facilitator_note"),
            group_kinds=tuple(GroupKind(value) for value in self._ticked("group_kinds")),
            online_ok=bool(self.online_ok.data),
            tags=(f"{IMAGE}{image or NO_IMAGE}", *(tag for tag in tags if not tag.startswith(IMAGE))),
        )

    def say(self, problem: Invalid) -> None:
        """Show an error beside its field, or above the form."""
        if problem.field in self:
            self[problem.field].errors = [problem.message]
        else:
            self.form_errors.append(problem.message)

    def _chosen(self, name: str) -> str:
        field: Any = self[name]
        if (field.data or "") not in {value for value, _label in field.choices}:
            raise Invalid(_("Choose one from the list."), name)
        return str(field.data or "")

    def _ticked(self, name: str) -> list[str]:
        field: Any = self[name]
        return [value for value, _label in field.choices if value in (field.data or ())]

    def _number(self, name: str) -> int:
        number: int | None = self[name].data
        if number is None:
            raise Invalid(_("Enter a whole number."), name)
        return number

    def _text(self, name: str, most: int = LONGEST_LINE) -> str:
        words = (self[name].data or "").replace("\r\n", "\n").strip()
        if "\0" in words:
            raise Invalid(_("The text holds a character that cannot be kept. Type it anew."), name)
        if len(words) > most:
            raise Invalid(_("Enter at most %(most)s characters.", most=most), name)
        return str(words)
