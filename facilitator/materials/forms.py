"""The form of one material: its title, who may have it and from when, and its words or its file."""

from functools import partial

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, FileField, IntegerField, RadioField, StringField, TextAreaField

from facilitator.accounts.forms import SAY_CHOOSE
from facilitator.materials.draft import MaterialDraft
from facilitator.materials.models import Audience, Material, MaterialKind, Release

AUDIENCES = (
    (Audience.PARTICIPANTS.value, _l("Everybody who has the link of the session")),
    (Audience.FACILITATORS.value, _l("Those who facilitate, nobody else")),
)
RELEASES = (
    (Release.BEFORE.value, _l("Days before, from 09:00")),
    (Release.START.value, _l("At the start of the session")),
    (Release.END.value, _l("After its end")),
)


class MaterialForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """What is said about any material."""

    title = StringField(_l("Title"))
    audience = RadioField(
        _l("For whom"), choices=partial(list, AUDIENCES), default=Audience.PARTICIPANTS.value, **SAY_CHOOSE
    )
    release = RadioField(_l("From when"), choices=partial(list, RELEASES), default=Release.START.value, **SAY_CHOOSE)
    days_before = IntegerField(_l("How many days before"), default=1)
    announced = BooleanField(_l("Send a message when it is there"))

    def draft(self) -> MaterialDraft:
        """Return what was entered; days that are no number are out of every range."""
        return MaterialDraft(
            title=self.title.data or "",
            text=self["text"].data or "" if "text" in self else "",
            audience=Audience(self.audience.data),
            release=Release(self.release.data),
            days_before=-1 if self.days_before.data is None else self.days_before.data,
            announced=self.announced.data,
        )


class TextForm(MaterialForm):
    """Words to read."""

    text = TextAreaField(_l("Words"))


class FileForm(MaterialForm):
    """A file."""

    file = FileField(_l("File"))


def form_of(material: Material) -> MaterialForm:
    """Return the form of a material, filled with what is said now."""
    return (TextForm if material.kind == MaterialKind.TEXT else FileForm)(obj=material)
