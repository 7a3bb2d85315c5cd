"""The form in which a facilitator writes a prompt of their own for one part of a session."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectMultipleField, StringField, TextAreaField, widgets

from facilitator.curriculum.rules import Arena, Focus, Format, GroupKind, Phase, Pole, SubBind
from facilitator.errors import Conflict, Invalid
from facilitator.planning.assigning import Refused
from facilitator.planning.forms import show_problem
from facilitator.planning.models import GroupSession, Segment
from facilitator.planning.wording import refusal_line
from facilitator.prompts.rules_draft import PromptDraft
from facilitator.prompts.rules_reasons import Rule

LEAST_MINUTES = 5  # a prompt of one's own is taken to work in this much time, where the part has it
LONGEST_LINE = 1000

SUB_BINDS = (
    (SubBind.FEAR.value, _l("Fear")),
    (SubBind.SHAME.value, _l("Shame")),
    (SubBind.POWERLESSNESS.value, _l("Powerlessness")),
    (SubBind.VULNERABILITY.value, _l("Vulnerability")),
    (SubBind.CORE.value, _l("The bind itself")),
)
POLES = ((Pole.IDENTITY.value, _l("Identity")), (Pole.BELONGING.value, _l("Belonging")), (Pole.BOTH.value, _l("Both")))
ARENAS = (
    (Arena.NERVOUS_SYSTEM.value, _l("Nervous system")),
    (Arena.SURVIVAL_INSTINCTS.value, _l("Survival instincts")),
    (Arena.ATTACHMENT_NEEDS.value, _l("Attachment needs")),
    (Arena.IDENTITY.value, _l("Sense of self")),
)
FORMATS = (
    (Format.GO_ROUND.value, _l("Go-round")),
    (Format.PAIRS.value, _l("Pairs")),
    (Format.WRITING.value, _l("Writing")),
    (Format.SILENT.value, _l("Silent")),
    (Format.CIRCLE.value, _l("Circle")),
)
DEPTHS = (("1", "1"), ("2", "2"), ("3", "3"))
FALLBACKS = (("", _l("None")), (Format.WRITING.value, _l("Writing")), (Format.SILENT.value, _l("Silent")))


FIELDS_BY_RULE = {
    **dict.fromkeys((Rule.H1, Rule.H2, Rule.H3, Rule.H4, Rule.H5), "depth"),
    Rule.H8: "sub_bind",
    Rule.H10: "format",
}
"""Which answer of the form each hard rule goes by; what is left is about the whole prompt."""


class ChecksField(SelectMultipleField):
    """Several of a few, as boxes."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class OwnPromptForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """The words, the ways to take part, and what the rules go by."""

    text = TextAreaField(_l("The prompt"))
    content_note = StringField(_l("Say first"))
    opt_out = StringField(_l("Another way to take part"))
    follow_up_1 = StringField(_l("First follow-up"))
    follow_up_2 = StringField(_l("Second follow-up"))
    sub_bind = RadioField(_l("Focus"), choices=lambda: SUB_BINDS)
    pole = RadioField(_l("Side"), choices=lambda: POLES)
    arenas = ChecksField(_l("Where it is felt"), choices=lambda: ARENAS)
    depth = RadioField(_l("Depth"), choices=lambda: DEPTHS)
    format = RadioField(_l("Format"), choices=lambda: FORMATS)
    fallback_format = RadioField(_l("Quieter format"), choices=lambda: FALLBACKS)

    @classmethod
    def begin(cls, session: GroupSession) -> "OwnPromptForm":
        """Return the form as it is first shown: the session's focus, shallow, in a go-round."""
        focus = SubBind.CORE if session.focus == Focus.WEAVING else SubBind(session.focus)
        return cls(
            data={
                "sub_bind": focus.value,
                "pole": Pole.BOTH.value,
                "arenas": [Arena.NERVOUS_SYSTEM.value],
                "depth": "1",
                "format": Format.GO_ROUND.value,
                "fallback_format": "",
            }
        )

    def draft(self, segment: Segment, language: str) -> PromptDraft:
        """Return what was written, for one part of a session; it is as long as that part.

        Raises:
            Invalid: naming the field, when an answer cannot be read.
        """
        available = max(1, segment.minutes - segment.reserved_minutes)
        if not segment.phase:
            raise Invalid(_("This part has an exercise, not a prompt. Choose another exercise instead."))
        return PromptDraft(
            language=language,
            sub_bind=SubBind(self._chosen("sub_bind")),
            pole=Pole(self._chosen("pole")),
            arenas=self._arenas(),
            depth=int(self._chosen("depth")),
            phase=Phase(segment.phase),
            format=Format(self._chosen("format")),
            fallback_format=Format(self.fallback_format.data) if self._chosen("fallback_format") else None,
            minutes_default=available,
            minutes_min=min(available, LEAST_MINUTES),
            text=self._text("text"),
            content_note=self._text("content_note") or "none",
            opt_out=self._text("opt_out"),
            follow_ups=tuple(words for name in ("follow_up_1", "follow_up_2") if (words := self._text(name))),
            group_kinds=tuple(GroupKind),
            min_people=1,
        )

    def say(self, problem: Invalid | Conflict) -> None:
        """Show an error beside its field; what a rule refuses stands beside the answer that the rule goes by."""
        if not isinstance(problem, Refused):
            show_problem(self, problem if isinstance(problem, Invalid) else Invalid(problem.message))
            return
        for refusal in problem.refusals:
            show_problem(self, Invalid(refusal_line(refusal), FIELDS_BY_RULE.get(refusal.rule, "")))

    def _chosen(self, name: str) -> str:
        field: Any = self[name]
        if (field.data or "") not in {value for value, _label in field.choices}:
            raise Invalid(_("Choose one from the list."), name)
        return str(field.data or "")

    def _arenas(self) -> tuple[Arena, ...]:
        found = tuple(arena for arena in Arena if arena.value in (self.arenas.data or ()))
        if not 1 <= len(found) <= 2:  # noqa: PLR2004 - one or two arenas, as for every prompt
            raise Invalid(_("Choose one or two."), "arenas")
        return found

    def _text(self, name: str) -> str:
        words = (self[name].data or "").strip()
        if len(words) > LONGEST_LINE:
            raise Invalid(_("Enter at most %(most)s characters.", most=LONGEST_LINE), name)
        return str(words)
