"""The form of one library entry, made from what its kind asks, and the search of a shelf."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    Field,
    IntegerField,
    RadioField,
    SearchField,
    SelectField,
    StringField,
    TextAreaField,
)

from facilitator.accounts.forms import SAY_CHOOSE
from facilitator.errors import Invalid
from facilitator.library.forms_shelves import ASKED, Answer, Asked
from facilitator.prompts.forms_own import ChecksField

MOST_LINES, MOST_ROWS, LONGEST_WORDS = 30, 30, 200
Table = Mapping[str, Any]


class EntryForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """Everything that an entry of one class says; the fields stand for the keys of its table, rows one by one."""

    asked: ClassVar[tuple[Asked, ...]] = ()
    row_counts: ClassVar[Mapping[str, int]] = {}

    def list_rows(self, each: Asked) -> list[list[Field]]:
        """List the fields of a list of tables, row by row."""
        found = range(self.row_counts[each.key])
        return [[self[_name(each, number, part)] for part in each.rows] for number in found]

    def read_table(self, content: Table) -> dict[str, Any] | None:
        """Return the table as it was written, or None where an answer cannot be read; each says so beside its field.

        Args:
            content: the table before; what is not asked stays as it is.
        """
        table = dict(content)
        for each in self.asked:
            if each.answer is Answer.ROWS:
                table[each.key] = list(self._read_rows(each, content.get(each.key, [])))
                continue
            answer = self._read(each.key, each)
            # boxes come in the order of the page, which is no change of what is ticked
            is_same = each.answer is Answer.SEVERAL and set(answer or ()) == set(content.get(each.key, ()))
            table[each.key] = content[each.key] if is_same and answer else answer
        return None if self.errors else table

    def say(self, name: str, words: str) -> None:
        """Show an error beside its field, or above the form."""
        if name in self:
            self[name].errors = [words]
        else:
            self.form_errors.append(words)

    def _read_rows(self, each: Asked, before: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        order = 0
        for number in range(self.row_counts[each.key]):
            names = {part.key: _name(each, number, part) for part in each.rows}
            if each.spare and not any(self[name].data for name in names.values()):
                continue
            order += 1
            kept = before[number] if number < len(before) else {}
            yield {**kept, "order": order, **{part.key: self._read(names[part.key], part) for part in each.rows}}
        if not order:
            self.say(_name(each, 0, each.rows[0]), _("Enter at least one."))

    def _read(self, name: str, each: Asked) -> Any:
        field = self[name]
        try:
            return _READERS[each.answer](each, field)
        except Invalid as problem:
            field.errors = [problem.message]
            return None


class LookForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """What a person looks for on a shelf; asked in the address."""

    class Meta:
        """No token: the form only reads."""

        csrf = False

    words = SearchField(_l("Words"))
    state = SelectField(_l("Which"), choices=list, validate_choice=False, default="")

    @property
    def searched(self) -> str:
        """Return the words as they are looked for."""
        return (self.words.data or "").replace("\0", "")[:LONGEST_WORDS].casefold()


def build_form(entry_class: type, content: Table, sent: "MultiDict[str, str] | None" = None) -> EntryForm:
    """Return the form of an entry.

    Args:
        entry_class: the dataclass of the entry.
        content: its table as it is now.
        sent: what was typed, on a press.
    """
    asked = ASKED[entry_class]
    counts = {each.key: _count_rows(each, content, sent) for each in asked if each.answer is Answer.ROWS}
    fields: dict[str, Any] = {"asked": asked, "row_counts": counts}
    shown: dict[str, Any] = {}
    for each in asked:
        if each.answer is not Answer.ROWS:
            fields[each.key], shown[each.key] = _FIELDS[each.answer](each), _show(each, content.get(each.key))
            continue
        rows = content.get(each.key, [])
        for number in range(counts[each.key]):
            row = rows[number] if number < len(rows) else {}
            for part in each.rows:
                name = _name(each, number, part)
                fields[name], shown[name] = _FIELDS[part.answer](part), _show(part, row.get(part.key))
    made: type[EntryForm] = type("EntryFormOfKind", (EntryForm,), fields)
    return made(formdata=sent, data=shown)


def _name(each: Asked, number: int, part: Asked) -> str:
    return f"{each.key}_{number}_{part.key}"


def _count_rows(each: Asked, content: Table, sent: "MultiDict[str, str] | None") -> int:
    standing = len(content.get(each.key, [])) + each.spare
    if not each.spare:
        return standing
    # another window may have taken rows away meanwhile; what was typed here is kept all the same
    typed = [number for number in range(MOST_ROWS) if sent and _name(each, number, each.rows[0]) in sent]
    return max(standing, 1 + max(typed, default=-1))


def _show(each: Asked, value: Any) -> Any:
    if each.answer is Answer.LINES:
        return "\n".join(value or ())
    if each.answer is Answer.DAY:
        return date.fromisoformat(value) if value else None
    return value


def _read_text(each: Asked, field: Any) -> str:
    return _check_text(each, (field.data or "").replace("\r\n", "\n").strip())


def _read_lines(each: Asked, field: Any) -> list[str]:
    lines = [line.strip() for line in (field.data or "").splitlines() if line.strip()]
    if not lines:
        raise Invalid(_("Enter at least one."))
    if len(lines) > MOST_LINES:
        raise Invalid(ngettext("Enter at most %(num)s line.", "Enter at most %(num)s lines.", MOST_LINES))
    return [_check_text(each, line) for line in lines]


def _check_text(each: Asked, words: str) -> str:
    if "\0" in words:
        raise Invalid(_("The text holds a character that cannot be kept. Type it anew."))
    if len(words) > each.most:
        raise Invalid(_("Enter at most %(most)s characters.", most=each.most))
    if each.needed and not words:
        raise Invalid(_("Enter an answer."))
    return words


def _read_number(each: Asked, field: Any) -> int:
    number: int | None = field.data
    if number is None or not each.least <= number <= each.most:
        raise Invalid(_("Enter a whole number from %(least)s to %(most)s.", least=each.least, most=each.most))
    return number


def _read_one(each: Asked, field: Any) -> str:
    if field.data not in {value for value, _label in each.choices()}:
        raise Invalid(_("Choose one of the answers."))
    return str(field.data)


def _read_several(each: Asked, field: Any) -> list[str]:
    ticked = [value for value, _label in each.choices() if value in (field.data or ())]
    if each.needed and not ticked:
        raise Invalid(_("Choose at least one."))
    return ticked


def _read_day(_each: Asked, field: Any) -> str:
    if field.data is None and any(field.raw_data or ()):
        raise Invalid(_("Enter a date like 2026-11-22."))
    return field.data.isoformat() if field.data else ""


_READERS: Mapping[Answer, Callable[[Asked, Any], Any]] = {
    Answer.LINE: lambda each, field: " ".join(_read_text(each, field).split()),
    Answer.TEXT: _read_text,
    Answer.LINES: _read_lines,
    Answer.NUMBER: _read_number,
    Answer.BOX: lambda _each, field: bool(field.data),
    Answer.ONE: _read_one,
    Answer.FROM_LIST: _read_one,
    Answer.SEVERAL: _read_several,
    Answer.DAY: _read_day,
}
_FIELDS: Mapping[Answer, Callable[[Asked], Any]] = {
    Answer.LINE: lambda each: StringField(each.label),
    Answer.TEXT: lambda each: TextAreaField(each.label),
    Answer.LINES: lambda each: TextAreaField(each.label),
    Answer.NUMBER: lambda each: IntegerField(each.label),
    Answer.BOX: lambda each: BooleanField(each.label),
    Answer.ONE: lambda each: RadioField(each.label, choices=each.choices, **SAY_CHOOSE),
    Answer.FROM_LIST: lambda each: SelectField(each.label, choices=each.choices, **SAY_CHOOSE),
    Answer.SEVERAL: lambda each: ChecksField(each.label, choices=each.choices),
    Answer.DAY: lambda each: DateField(each.label),
}
