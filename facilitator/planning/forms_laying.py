"""The forms of agendas that are kept and laid again, and of plans that are taken over."""

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField

from facilitator.errors import Invalid
from facilitator.planning.forms_session import REACHES, ChangeForm
from facilitator.planning.rules_slots import Reach

ALONE, EVERYBODY = "alone", "everybody"
SHARING = ((ALONE, _l("For me alone")), (EVERYBODY, _l("For everybody here")))


class KeepForm(ChangeForm):
    """A name for an agenda, and who may choose it."""

    name = StringField(_l("Name"))
    sharing = RadioField(_l("Who may choose it"), choices=lambda: SHARING)

    def answers(self) -> tuple[str, bool]:
        """Return the name, and whether everybody here may choose it.

        Raises:
            Invalid: when the second is not answered.
        """
        if self.sharing.data not in {ALONE, EVERYBODY}:
            raise Invalid(_("Choose one from the list."), "sharing")
        return (self.name.data or "").replace("\0", ""), self.sharing.data == EVERYBODY


class LayForm(ChangeForm):
    """For which sessions another agenda is meant."""

    reach = RadioField(_l("Which sessions"), choices=lambda: REACHES)

    def count(self, changing: Mapping[Reach, int]) -> "LayForm":
        """Say beside each choice how many sessions it changes, and return the form."""
        words = {Reach(value): label for value, label in REACHES}
        self.reach.choices = [
            (reach.value, _("%(which)s: %(count)s", which=words[reach], count=count))
            for reach, count in changing.items()
        ]
        return self

    def answer(self) -> Reach:
        """Return which sessions are meant.

        Raises:
            Invalid: when it is not answered.
        """
        if self.reach.data not in set(Reach):
            raise Invalid(_("Choose one from the list."), "reach")
        return Reach(self.reach.data)
