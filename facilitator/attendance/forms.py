"""The form that closes a room: how many people came, and what became of each part of the plan.

The number travels as it was typed, so that a wrong one can be shown again as it was.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, RadioField, StringField, TextAreaField

from facilitator.attendance.rules import MOST_PEOPLE, Level
from facilitator.errors import Invalid

OUTCOMES = (("used", _l("Used")), ("cut_short", _l("Cut short")), ("skipped", _l("Skipped")))
CHECK_IN, NOT_ASKED = "check_in", "none"
HANDS = ((Level.FEW.value, _l("Few")), (Level.HALF.value, _l("About half")), (Level.MOST.value, _l("Most")))
REASONS = (
    ("facilitator", _l("Nobody could lead it")),
    ("no_room", _l("There was no room")),
    ("weather", _l("Weather or transport")),
    ("too_few", _l("Too few people to begin")),
    ("other", _l("Another reason")),
)
STEPS = {"-1": -1, "1": 1}
LONGEST_NUMBER = 20
MOST_MINUTES = 120  # more is a slip of the finger
_WHOLE_NUMBER = re.compile(r"[0-9]{1,6}")


class ChoiceByPart(Field):
    """One choice for each part of the plan, from radio buttons named `<field>-<segment id>`; none is no answer."""

    data: dict[str, str]

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:  # noqa: ARG002 - given by the API
        """Take the known choices that were sent, or those given."""
        prefix = f"{self.name}-"
        if not formdata:
            self.data = dict(data) if isinstance(data, Mapping) else {}
            return
        sent = {name.removeprefix(prefix): formdata[name] for name in formdata if name.startswith(prefix)}
        self.data = {segment_id: choice for segment_id, choice in sent.items() if choice in dict(OUTCOMES)}


class MinutesByPart(Field):
    """How long each part took, from text fields named `<field>-<segment id>`, as they were typed; blank is not said."""

    data: dict[str, str]

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:  # noqa: ARG002 - given by the API
        """Take what was typed, or what is kept."""
        prefix = f"{self.name}-"
        if not formdata:
            self.data = {part: str(took) for part, took in (data or {}).items()}
            return
        sent = {name.removeprefix(prefix): formdata[name].strip() for name in formdata if name.startswith(prefix)}
        self.data = {part: took[:LONGEST_NUMBER] for part, took in sent.items() if took}

    def read(self, part: str) -> int | None:
        """Return the minutes of a part, or None when they are not said or cannot be right."""
        typed = self.data.get(part, "")
        took = int(typed) if _WHOLE_NUMBER.fullmatch(typed) else 0
        return took if 1 <= took <= MOST_MINUTES else None

    @property
    def wrong(self) -> list[str]:
        """List the parts whose minutes cannot be right."""
        return [part for part in self.data if self.read(part) is None]


class CloseForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """The count, how many had been before, and the outcomes; or why there was nothing to count."""

    headcount = StringField(_l("How many people came?"))
    # holds the number that it confirms, so that another number is asked about again
    sure = StringField()
    # by how many people, and how closely, the page said that the number would be kept
    coded_by = StringField()
    returning = RadioField(_l("How many had been here before?"), choices=list)
    outcome = ChoiceByPart(_l("What was used?"))
    minutes = MinutesByPart(_l("Minutes it took"))
    note = TextAreaField(_l("For the next plan (optional)"))
    # holds the note that it confirms, as a name in it may be a word as well
    note_sure = StringField()
    reason = RadioField(_l("Why did it not take place?"), choices=lambda: REASONS)

    @classmethod
    def of(
        cls,
        headcount: int | None,
        outcomes: Mapping[str, str],
        minutes: Mapping[str, int] | None = None,
        *,
        returning: str = NOT_ASKED,
        has_check_in: bool = False,
        note: str = "",
    ) -> "CloseForm":
        """Return the form as it is first shown, or filled with what was sent."""
        count = "" if headcount is None else str(headcount)
        given = {
            "headcount": count,
            "outcome": outcomes,
            "minutes": minutes or {},
            "returning": returning,
            "note": note,
        }
        form = cls(data=given)
        ways = ((CHECK_IN, _l("As the check-in says")),) if has_check_in else ()
        choices = [*ways, *HANDS, (NOT_ASKED, _l("Not asked"))]
        form.returning.choices = choices
        if form.returning.data not in dict(choices):
            form.returning.data = returning
        return form

    @property
    def count(self) -> int | None:
        """Return the number in the field, or None when it is no number that can be right."""
        text = (self.headcount.data or "").strip()
        count = int(text) if _WHOLE_NUMBER.fullmatch(text) else None
        return count if count is not None and count <= MOST_PEOPLE else None

    @property
    def hands(self) -> Level | None:
        """Return what a show of hands said, or None when there was none."""
        return Level(self.returning.data) if self.returning.data in set(Level) else None

    @property
    def is_answered(self) -> bool:
        """Tell whether it was said here how many had been before, "not asked" included; otherwise the check-in says it."""
        return bool(self.returning.raw_data) and self.returning.data != CHECK_IN

    def press(self, button: str, segment_ids: Collection[str], start: int) -> None:
        """Take a press that only changes what is shown: one fewer, one more, all used, or no answers.

        Args:
            button: which.
            segment_ids: the parts that something was planned for.
            start: the number to step from where there is none.
        """
        if button in STEPS:
            count = (start if self.count is None else self.count) + STEPS[button]
            self.headcount.data = str(min(max(count, 0), MOST_PEOPLE))
        elif button == "all_used":
            self.outcome.data = dict.fromkeys(segment_ids, OUTCOMES[0][0])
        elif button == "no_answers":
            self.outcome.data, self.minutes.data = {}, {}

    @property
    def outcomes(self) -> Mapping[str, str]:
        """Return what became of a part of the plan, by segment id; a part left out was not said."""
        return dict(self.outcome.data)

    def took(self) -> Mapping[str, int]:
        """Return how long each part took, where it was said, by segment id.

        Raises:
            Invalid: naming the first field that holds no number that can be right.
        """
        for part in self.minutes.wrong:
            words = _("Enter minutes from 1 to %(most)s, or leave it blank.", most=MOST_MINUTES)
            raise Invalid(words, field=f"{self.minutes.name}-{part}")
        return {part: int(typed) for part, typed in self.minutes.data.items()}

    def answer(self) -> int:
        """Return how many people were counted.

        Raises:
            Invalid: when it is no number that can be right.
        """
        if self.count is None:
            raise Invalid(_("Enter a number from 0 to %(most)s.", most=MOST_PEOPLE), field="headcount")
        return self.count

    @property
    def is_sure(self) -> bool:
        """Tell whether the facilitator says that this very number is right."""
        return self.count is not None and self.sure.data == str(self.count)

    @property
    def is_note_sure(self) -> bool:
        """Tell whether the facilitator says that this very note names nobody."""
        typed, confirmed = (self.note.data or "").split(), (self.note_sure.data or "").split()
        return bool(typed) and typed == confirmed

    def say(self, problem: Invalid) -> None:
        """Show an error beside its field: the minutes of a part, or the count."""
        field: Field = self.headcount
        if problem.field.startswith(self.minutes.name):
            field = self.minutes
            field.id = problem.field  # where the summary of errors leads to
        elif problem.field in {self.reason.name, self.note.name}:
            field = self[problem.field]
        field.errors = [problem.message]
