"""The forms of groups and of the people on their lists."""

import re
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from facilitator.accounts.forms import LONGEST_EMAIL, NEEDED, SAY_CHOOSE, ZoneField, at_most, languages
from facilitator.curriculum.rules import GroupKind
from facilitator.groups.draft import LENGTHS_MINUTES, LONGEST_LABEL, LONGEST_LINK, LONGEST_PLACE, GroupDraft
from facilitator.groups.models import Group, Wording
from facilitator.groups.people import LONGEST_ALIAS, PersonDraft
from facilitator.groups.roster import MOST_BYTES
from facilitator.groups.sealed import Person
from facilitator.times import list_countries, parse_wall_time, zone_country

KINDS = (
    (GroupKind.CLOSED.value, _l("Closed: people join before session 3")),
    (GroupKind.OPEN.value, _l("Open: people join at any session")),
)
PACES = (
    ("gentle", _l("Gentle: deeper prompts come seldom")),
    ("standard", _l("Standard: deeper prompts come where the path allows")),
)
PRECISIONS = (
    ("protected", _l("Protected: the ends are blurred (“7 or more”), so nobody can be shown to have been there")),
    ("guarded", _l("Guarded: only few, half or most is kept; for groups where a court may ask")),
    ("exact", _l("Exact: the number itself; a full or an empty room then shows that everybody or nobody came")),
)
WORDINGS = (
    (Wording.VAGUE.value, _l("Day and time: “Thursday 18:30.” under the subject “Thursday”")),
    (Wording.PLAIN.value, _l("Short: “Reminder: Thursday 18:30” in the subject as well")),
    (Wording.FULL.value, _l("Full: date, time, length, place and a private link")),
)
MINUTES = tuple((str(minutes), _l("%(minutes)s min", minutes=minutes)) for minutes in LENGTHS_MINUTES)
EVERYWHERE, FROM_ZONE = "INT", ""
# how words begin that tell a stranger what the group is for, in the languages of the pages
TELLING = (
    *("abus", "affair", "betray", "cheat", "cris", "grie", "heal", "infidel", "partner", "recover", "support"),
    *("survivor", "therap", "trauma", "victim", "wound"),
    *("apoyo", "duelo", "herida", "parej", "recuper", "sana", "superviv", "terap", "traici", "víctim"),
)
_TELLING_WORD = re.compile(rf"\b(?:{'|'.join(TELLING)})\w*", re.IGNORECASE)


def country_name(code: str) -> str:
    """Return what a country is called in the language of the page; nothing for a code of no country."""
    return str(get_locale().territories.get(code, ""))


class GroupForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """What is said about a group."""

    label = StringField(_l("Name people see"), validators=[InputRequired(NEEDED), at_most(LONGEST_LABEL)])
    kind = RadioField(_l("Type"), choices=lambda: KINDS, default=GroupKind.CLOSED.value, **SAY_CHOOSE)
    capacity = StringField(_l("Places"), default="8", validators=[InputRequired(NEEDED), at_most(20)])
    zone = ZoneField(_l("Time zone"))
    minutes = RadioField(_l("Length of a session"), choices=lambda: MINUTES, default="90", **SAY_CHOOSE)
    place = StringField(_l("Place"), validators=[at_most(LONGEST_PLACE)])
    link = StringField(_l("Link for meeting online"), validators=[at_most(LONGEST_LINK)])
    language = SelectField(_l("Language of prompts and messages"), choices=languages, **SAY_CHOOSE)
    country = SelectField(_l("Country"), choices=list, default=FROM_ZONE, **SAY_CHOOSE)
    pace = RadioField(_l("Pace"), choices=lambda: PACES, default="gentle", **SAY_CHOOSE)
    precision = RadioField(_l("How headcounts are kept"), choices=lambda: PRECISIONS, default="protected", **SAY_CHOOSE)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Read the answers, and offer the countries under their names in the language of the page."""
        super().__init__(*arguments, **options)
        found = sorted((country_name(code), code) for code in list_countries())
        first, last = (FROM_ZONE, _("From the time zone")), (EVERYWHERE, _("Another country"))
        self.country.choices = [first, *((code, name) for name, code in found), last]

    @classmethod
    def of(cls, group: Group) -> "GroupForm":
        """Return the form filled with what is said about a group now; a country that its zone names comes from it."""
        form: GroupForm = cls(obj=group)
        if not form.country.raw_data and group.country == zone_country(group.zone):
            form.country.data = FROM_ZONE
        return form

    def draft(self) -> GroupDraft:
        """Return what was entered; a number of places that is none becomes 0, which no group has."""
        typed = (self.capacity.data or "").strip()
        return GroupDraft(
            label=self.label.data or "",
            kind=GroupKind(self.kind.data),
            capacity=int(typed) if typed.isdecimal() else 0,
            zone=self.zone.data or "",
            minutes=int(self.minutes.data),
            place=self.place.data or "",
            link=self.link.data or "",
            language=self.language.data,
            country=self.country.data or zone_country(self.zone.data or "") or EVERYWHERE,
            pace=self.pace.data,
            precision=self.precision.data,
        )

    @property
    def zone_country(self) -> str:
        """Return what the country of the time zone is called, or nothing where it names none."""
        return country_name(zone_country(self.zone.data or ""))

    @property
    def telling_word(self) -> str:
        """Return a word of the label that tells a stranger what the group is for, or an empty string."""
        found = _TELLING_WORD.search(self.label.data or "")
        return found[0] if found else ""


class PeopleForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """A list of people to add: pasted, or as a file."""

    text = TextAreaField(_l("People, one a line"), validators=[at_most(MOST_BYTES)])
    file = FileField(_l("Or a CSV file"))
    agreed = BooleanField(_l("Each person agreed that this address is safe to write to"))
    spoken = BooleanField(_l("I have spoken with the group about this"))
    seen = HiddenField()

    def read_file(self) -> bytes:
        """Return the content of the file that was chosen, as far as it can be of use; nothing without one."""
        chosen = self.file.data
        content: bytes = chosen.read(MOST_BYTES + 1) if chosen and chosen.filename else b""
        return content

    def show_text(self, text: str) -> None:
        """Put the text of a file into the field, where it is seen and travels on with the form."""
        self.text.data = text

    @property
    def typed(self) -> str:
        """Return the list as text."""
        return self.text.data or ""

    def confirms(self, shown: str) -> bool:
        """Tell whether the press is about the list as it was shown last; the next one is about this one."""
        was, self.seen.data = self.seen.data, shown
        return was == shown

    @property
    def is_agreed(self) -> bool:
        """Tell whether the facilitator says that each person agreed."""
        return bool(self.agreed.data)

    @property
    def is_spoken_about(self) -> bool:
        """Tell whether the facilitator says that the group knows of people who join late."""
        return bool(self.spoken.data)


class CoForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """The address of an account that co-facilitates."""

    email = StringField(_l("Email of their account"), validators=[InputRequired(NEEDED), at_most(LONGEST_EMAIL)])

    @property
    def address(self) -> str:
        """Return what was typed."""
        return self.email.data or ""


class PersonForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """How one person is called and written to."""

    alias = StringField(_l("Alias"), validators=[InputRequired(NEEDED), at_most(LONGEST_ALIAS)])
    wording = RadioField(_l("Wording of messages"), choices=lambda: WORDINGS, **SAY_CHOOSE)
    zone = ZoneField(_l("Time zone"), blank=_l("As the group"))
    quiet_from = StringField(_l("Nothing is sent from"), validators=[at_most(8)])
    quiet_to = StringField(_l("Until"), validators=[at_most(8)])

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
        return form

    def draft(self) -> PersonDraft:
        """Return what was entered.

        Raises:
            Invalid: when one of the quiet hours is no time.
        """
        return PersonDraft(
            alias=self.alias.data or "",
            wording=Wording(self.wording.data),
            zone=self.zone.data or None,
            quiet_from_time=parse_wall_time(self.quiet_from.data or "", "quiet_from"),
            quiet_to_time=parse_wall_time(self.quiet_to.data or "", "quiet_to"),
        )
