"""The forms of groups and of the people on their lists."""

from collections.abc import Sequence
from datetime import time

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from facilitator.curriculum.rules import GroupKind
from facilitator.errors import Invalid
from facilitator.groups.models import Group, Wording
from facilitator.groups.people import LONGEST_ALIAS, Person
from facilitator.groups.service import LENGTHS_MINUTES, LONGEST_LABEL, LONGEST_LINK, LONGEST_PLACE, GroupDraft
from facilitator.times import list_zones, parse_wall_time

NEEDED = _l("Enter an answer.")
KINDS = (
    (GroupKind.CLOSED.value, _l("Closed: people join until session 3")),
    (GroupKind.OPEN.value, _l("Open: people join at any session")),
)
PACES = (
    ("gentle", _l("Gentle: deeper prompts come seldom")),
    ("standard", _l("Standard: deeper prompts come where the path allows")),
)
PRECISIONS = (
    ("protected", _l("Protected: the ends are blurred (“7 or more”), so nobody can be shown to have been there")),
    ("guarded", _l("Guarded: few, half or most; for groups where a court may ask")),
    ("exact", _l("Exact: a full or an empty room then shows that everybody or nobody came")),
)
WORDINGS = (
    (Wording.VAGUE.value, _l("Day only: “Thursday”")),
    (Wording.PLAIN.value, _l("Short: “Reminder: Thursday 18:30”")),
    (Wording.FULL.value, _l("Full: date, time, length, place and a private link")),
)
LANGUAGES = (("en", "English"), ("es", "Español"))
# words that tell a stranger what the group is for
TELLING = (
    "betray",
    "affair",
    "infidel",
    "trauma",
    "abuse",
    "support",
    "recover",
    "heal",
    "therap",
    "partner",
    "crisis",
)


class GroupForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """What is said about a group."""

    label = StringField(_l("Name people see"), validators=[InputRequired(NEEDED), Length(max=LONGEST_LABEL)])
    kind = RadioField(_l("Type"), choices=KINDS, default=GroupKind.CLOSED.value)
    capacity = IntegerField(_l("Places"), default=8, validators=[InputRequired(NEEDED)])
    zone = SelectField(_l("Time zone"), choices=list)
    minutes = RadioField(
        _l("Length of a session"),
        choices=[(str(n), _l("%(minutes)s min", minutes=n)) for n in LENGTHS_MINUTES],
        default="90",
    )
    place = StringField(_l("Place"), validators=[Length(max=LONGEST_PLACE)])
    link = StringField(_l("Link for meeting online"), validators=[Length(max=LONGEST_LINK)])
    language = SelectField(_l("Language of prompts and messages"), choices=LANGUAGES)
    country = SelectField(_l("Help lines of"), choices=list)
    pace = RadioField(_l("Pace"), choices=PACES, default="gentle")
    precision = RadioField(_l("How headcounts are kept"), choices=PRECISIONS, default="protected")

    def offer(self, countries: Sequence[str]) -> "GroupForm":
        """Fill in the choices that come from elsewhere and return the form."""
        self.zone.choices = [(name, name.replace("_", " ")) for name in list_zones()]
        self.country.choices = [(code, _l("Another country") if code == "INT" else code) for code in countries]
        return self

    @classmethod
    def of(cls, group: Group, countries: Sequence[str]) -> "GroupForm":
        """Return the form filled with what is said about a group now."""
        form: GroupForm = cls(obj=group)
        return form.offer(countries)

    def draft(self) -> GroupDraft:
        """Return what was entered."""
        return GroupDraft(
            label=self.label.data or "",
            kind=GroupKind(self.kind.data),
            capacity=self.capacity.data or 0,
            zone=self.zone.data,
            minutes=int(self.minutes.data),
            place=self.place.data or "",
            link=self.link.data or "",
            language=self.language.data,
            country=self.country.data,
            pace=self.pace.data,
            precision=self.precision.data,
        )

    @property
    def telling_word(self) -> str:
        """Return a word in the label that tells a stranger too much, or an empty string."""
        label = (self.label.data or "").casefold()
        return next((word for word in TELLING if word in label), "")

    def say(self, problem: Invalid) -> None:
        """Show an error beside the field it belongs to."""
        say_problem(self, problem)


class PeopleForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """A list of people to add: pasted, or as a file."""

    text = TextAreaField(_l("People, one a line"), validators=[Length(max=64_000)])
    file = FileField(_l("Or a CSV file"))
    agreed = BooleanField(_l("Each person agreed that this address is safe to write to"))


class CoForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """The address of an account that co-facilitates."""

    email = StringField(_l("Email of their account"), validators=[InputRequired(NEEDED), Length(max=254)])


class PersonForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """How one person is called and written to."""

    alias = StringField(_l("Alias"), validators=[InputRequired(NEEDED), Length(max=LONGEST_ALIAS)])
    wording = RadioField(_l("Wording of messages"), choices=WORDINGS)
    zone = SelectField(_l("Time zone"), choices=list)
    quiet_from = StringField(_l("Nothing is sent from"), validators=[Length(max=8)])
    quiet_to = StringField(_l("until"), validators=[Length(max=8)])

    @classmethod
    def of(cls, person: Person) -> "PersonForm":
        """Return the form filled with what is kept about a person now."""
        found = person.participant
        form: PersonForm = cls(
            data={
                "alias": person.alias,
                "wording": found.wording,
                "zone": found.zone or "",
                "quiet_from": f"{found.quiet_from_time:%H:%M}",
                "quiet_to": f"{found.quiet_to_time:%H:%M}",
            }
        )
        form.zone.choices = [("", _l("As the group")), *((name, name.replace("_", " ")) for name in list_zones())]
        return form

    def quiet(self) -> tuple[time, time]:
        """Return from and to when nothing is sent.

        Raises:
            Invalid: when one is no time.
        """
        return parse_wall_time(self.quiet_from.data or "", "quiet_from"), parse_wall_time(
            self.quiet_to.data or "", "quiet_to"
        )


def say_problem(form: FlaskForm, problem: Invalid) -> None:
    """Show an error beside the field it belongs to, or above the form."""
    if problem.field in form:
        form[problem.field].errors = [*form[problem.field].errors, problem.message]
    else:
        form.form_errors.append(problem.message)
