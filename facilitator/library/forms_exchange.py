"""The forms of the exchange: which file comes in, what is done about conflicts, and what goes out."""

import binascii
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, SelectField, TextAreaField
from wtforms.validators import Optional

from facilitator.accounts.forms import LANGUAGES, SAY_CHOOSE
from facilitator.curriculum.rules import EntryKind
from facilitator.errors import Invalid
from facilitator.library.exchange import LARGEST_FILE, Choice, Layout
from facilitator.library.importing import Decision
from facilitator.library.items import PROMPT

EVERYTHING = ""
PATHWAY_PREFIX = "pathway:"
SHEET = "sheet.csv"  # what a sheet is called while it travels; other names tell nothing
DECISIONS = (
    (Decision.KEEP.value, _l("Keep what is here")),
    (Decision.TAKE.value, _l("Take what the file has, as a new version")),
)
LAYOUTS = ((Layout.TOML.value, _l("Library file (TOML)")), (Layout.CSV.value, _l("Sheet of prompts (CSV)")))
KIND_NAMES = (
    (PROMPT, _l("Prompts")),
    (EntryKind.PATHWAY.value, _l("Pathways")),
    (EntryKind.AGENDA.value, _l("Agendas")),
    (EntryKind.EXERCISE.value, _l("Exercises")),
    (EntryKind.AGREEMENT.value, _l("Agreements")),
    (EntryKind.SCRIPT.value, _l("Scripts")),
    (EntryKind.HELP_LINE.value, _l("Help lines")),
)


class ImportForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """A file of entries: chosen, pasted, or the one that was looked at, which travels packed inside the page."""

    file = FileField(_l("File"))
    text = TextAreaField(_l("Or paste its text"))
    decision = RadioField(_l("Conflicts"), choices=lambda: DECISIONS, validators=[Optional()], **SAY_CHOOSE)
    packed = HiddenField()
    sheet = HiddenField()
    seen = HiddenField()

    def read(self) -> tuple[bytes, str]:
        """Return the content and the name of the file that this press is about.

        Raises:
            Invalid: when nothing was given, or what travelled in the page is damaged.
        """
        chosen = self.file.data
        if chosen and chosen.filename:
            with chosen.stream as stream:  # a large one lies in a file of its own
                return stream.read(LARGEST_FILE + 1), SHEET if chosen.filename.casefold().endswith(".csv") else ""
        if self.text.data:
            return self.text.data.encode(), ""
        if self.packed.data:
            return _unpack(self.packed.data), self.sheet.data or ""
        raise Invalid(_("Choose a file, or paste its text."), "file")

    def keep(self, content: bytes, name: str) -> None:
        """Let the file travel on with the page, byte for byte; a text field would change its line ends."""
        self.packed.data = b64encode(zlib.compress(content)).decode()
        self.sheet.data, self.text.data = name, ""

    def confirms(self, shown: str) -> bool:
        """Tell whether the press is about the preview as it was shown last; the next one is about this one."""
        was, self.seen.data = self.seen.data, shown
        return was == shown

    @property
    def chosen_decision(self) -> Decision | None:
        """Return what is done about conflicts, once that is decided."""
        return Decision(self.decision.data) if self.decision.data in set(Decision) else None


class ExportForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """What goes into the file; asked in the address, as a download changes nothing."""

    class Meta:
        """No token: the form only reads."""

        csrf = False

    language = SelectField(_l("Language"), choices=list, default=EVERYTHING, **SAY_CHOOSE)
    what = SelectField(_l("What"), choices=list, default=EVERYTHING, **SAY_CHOOSE)
    layout = RadioField(_l("File"), choices=lambda: LAYOUTS, default=Layout.TOML.value, **SAY_CHOOSE)
    own = BooleanField(_l("My own private entries too"))

    def __init__(self, own_pathways: Iterable[tuple[str, str]] = (), **options: Any) -> None:
        """Offer the languages, the kinds and the pathways of one's own."""
        super().__init__(**options)
        self.language.choices = [(EVERYTHING, _("All languages")), *LANGUAGES]
        own = [(PATHWAY_PREFIX + slug, _("My pathway %(name)s", name=name)) for slug, name in own_pathways]
        self.what.choices = [(EVERYTHING, _("Everything")), *KIND_NAMES, *own]

    @property
    def chosen_layout(self) -> Layout:
        """Return how the file is written."""
        return Layout(self.layout.data)

    def choice(self) -> Choice:
        """Return what was chosen; a sheet holds prompts, whatever else was chosen."""
        what = self.what.data or EVERYTHING
        if what.startswith(PATHWAY_PREFIX):
            return Choice(pathway=what.removeprefix(PATHWAY_PREFIX))
        kind = PROMPT if self.chosen_layout is Layout.CSV else what
        return Choice(language=self.language.data or "", kind=kind, own=bool(self.own.data))


def _unpack(packed: str) -> bytes:
    try:
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(b64decode(packed, validate=True), LARGEST_FILE + 1)
    except (binascii.Error, zlib.error, ValueError):
        raise Invalid(_("Choose the file once more."), "file") from None
    return content
