"""The forms of path making: where a path starts from, and the path itself with one set of fields a session."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import ValidationError

from facilitator.accounts.forms import SAY_CHOOSE
from facilitator.curriculum.rules import Focus, GroupKind, Topic
from facilitator.library.path_drafts import AS_THE_PLACE, SIDES, Draft, Row, read_sides
from facilitator.library.rules_paths import LENGTHS, SESSIONS
from facilitator.library.wording_paths import focus_names, side_names, topic_names
from facilitator.prompts.forms_own import ChecksField

LONGEST_NAME, LONGEST_TITLE, LONGEST_PARTICIPANT_TITLE = 80, 80, 40
LONGEST_GOAL, LONGEST_RECAP, MOST_GOALS = 200, 300, 8
SCRATCH = ""
USUAL_COUNT = 8
_KEY = re.compile(r"s[1-9][0-9]?")
_TEXT = {
    "focus": "",
    "cap": "",
    "sides": "",
    "title": "",
    "participant_title": "",
    "goals": "",
    "teach": "",
    "recap": "",
}
KINDS = (
    (GroupKind.CLOSED.value, _l("Closed, people join before session 3")),
    (GroupKind.OPEN.value, _l("Open, people join at any session")),
)
LENGTH_CHOICES = tuple((str(each), _l("%(minutes)s min", minutes=each)) for each in LENGTHS)


class StartForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """What a path from scratch starts from; asked in the address, as nothing is kept yet."""

    class Meta:
        """No token: the form only reads."""

        csrf = False

    kind = RadioField(_l("Kind of group"), choices=lambda: KINDS, default=GroupKind.CLOSED.value, **SAY_CHOOSE)
    count = IntegerField(_l("Number of sessions"), default=USUAL_COUNT)
    lengths = ChecksField(_l("Lengths"), choices=lambda: LENGTH_CHOICES, default=[str(each) for each in LENGTHS])

    def validate_count(self, field: IntegerField) -> None:
        """Refuse a path that is too short or too long for the pages and the ramp of depth."""
        if field.data is None or field.data not in SESSIONS:
            raise ValidationError(
                _("Enter a whole number from %(least)s to %(most)s.", least=SESSIONS[0], most=SESSIONS[-1])
            )

    def validate_lengths(self, field: ChecksField) -> None:
        """Refuse a path for sessions of no length."""
        if not field.data:
            raise ValidationError(_("Choose at least one."))


class PathForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """A path and its sessions; the fields of a session begin with its key."""

    name = StringField(_l("Name"))
    lengths = ChecksField(_l("Lengths"), choices=lambda: LENGTH_CHOICES)

    def row(self, key: str) -> dict[str, Any]:
        """Return the fields of a session by what they ask."""
        return {name: self[f"{key}_{name}"] for name in _TEXT}

    def say(self, name: str, words: str) -> None:
        """Show an error beside its field, or above the form."""
        if name in self:
            self[name].errors = [*self[name].errors, words]
        else:
            self.form_errors.append(words)


def show_draft(draft: Draft) -> PathForm:
    """Return the form of a path as it stands."""
    shown: dict[str, Any] = {"name": draft.name, "lengths": [str(each) for each in draft.lengths]}
    for row in draft.rows:
        values = {
            "focus": row.focus.value,
            "cap": str(row.cap or ""),
            "sides": row.sides,
            "title": row.title,
            "participant_title": row.participant_title,
            "goals": "\n".join(row.goals),
            "teach": row.teach.value if row.teach else "",
            "recap": row.recap,
        }
        shown |= {f"{row.key}_{name}": value for name, value in values.items()}
    fields = {f"{row.key}_{name}": field for row in draft.rows for name, field in _make_fields(row).items()}
    made: type[PathForm] = type("PathFormOfRows", (PathForm,), fields)
    return made(formdata=None, data=shown)


def read_sent(sent: "MultiDict[str, str]", language: str) -> Draft:
    """Return the path that was sent, in the order of its rows; what only a hand-made request can send is left out."""
    keys = dict.fromkeys(key for key in sent.getlist("row") if _KEY.fullmatch(key))
    return Draft(
        name=_line(sent.get("name", "")),
        kind=GroupKind(_one_of(sent.get("kind", ""), list(GroupKind), GroupKind.CLOSED)),
        lengths=tuple(each for each in LENGTHS if str(each) in sent.getlist("lengths")),
        language=language,
        rows=tuple(_read_row(key, sent) for key in list(keys)[: SESSIONS[-1]]),
    )


def check_texts(form: PathForm, draft: Draft) -> None:
    """Say beside each field what is missing or too long; nothing is cut off in silence."""
    limits = [("name", draft.name, LONGEST_NAME)]
    for row in draft.rows:
        limits += [
            (f"{row.key}_title", row.title, LONGEST_TITLE),
            (f"{row.key}_participant_title", row.participant_title, LONGEST_PARTICIPANT_TITLE),
            (f"{row.key}_recap", row.recap, LONGEST_RECAP),
            *((f"{row.key}_goals", goal, LONGEST_GOAL) for goal in row.goals),
        ]
        if len(row.goals) > MOST_GOALS:
            form.say(f"{row.key}_goals", _("Enter at most %(most)s goals.", most=MOST_GOALS))
    for name, words, most in limits:
        if "\0" in words:
            form.say(name, _("The text holds a character that cannot be kept. Type it anew."))
        elif len(words) > most:
            form.say(name, _("Enter at most %(most)s characters.", most=most))
        elif not words and not name.endswith("recap"):
            form.say(name, _("Enter a name for the path.") if name == "name" else _("Enter an answer."))
    if not draft.lengths:
        form.say("lengths", _("Choose at least one."))


def _make_fields(row: Row) -> Mapping[str, Any]:
    others = [] if row.sides in SIDES or not row.sides else [row.sides]
    sides = side_names([*SIDES, *others])
    caps = [
        ("", _("As deep as the place allows")),
        *((str(n), _("Depth %(depth)s at most", depth=n)) for n in (1, 2, 3)),
    ]
    return {
        "focus": SelectField(_l("Focus"), choices=focus_names),
        "cap": SelectField(_l("Depth"), choices=lambda: caps),
        "sides": SelectField(_l("Which side comes first"), choices=lambda: sides),
        "title": StringField(_l("Title on your sheet")),
        "participant_title": StringField(_l("Title that participants see")),
        "goals": TextAreaField(_l("Goals")),
        "teach": SelectField(_l("Short teaching"), choices=topic_names),
        "recap": TextAreaField(_l("For people who missed it")),
    }


def _read_row(key: str, sent: "MultiDict[str, str]") -> Row:
    said = {name: sent.get(f"{key}_{name}", "") for name in (*_TEXT, "was")}
    cap = said["cap"]
    return Row(
        key=key,
        focus=Focus(_one_of(said["focus"], list(Focus), Focus.CORE)),
        cap=int(cap) if cap in {"1", "2", "3"} else AS_THE_PLACE,
        sides=said["sides"] if _is_sides(said["sides"]) else "",
        title=_line(said["title"]),
        participant_title=_line(said["participant_title"]),
        goals=tuple(line for line in map(_line, said["goals"].splitlines()) if line),
        teach=Topic(said["teach"]) if said["teach"] in list(Topic) else None,
        recap=_line(said["recap"]),
        was=Topic(said["was"]) if said["was"] in list(Topic) else None,
    )


def _is_sides(text: str) -> bool:
    try:
        read_sides(text)
    except ValueError:
        return False
    return len(text) <= LONGEST_NAME


def _line(text: str) -> str:
    return " ".join(text.split())


def _one_of(value: str, known: Sequence[str], otherwise: str) -> str:
    return value if value in known else otherwise
