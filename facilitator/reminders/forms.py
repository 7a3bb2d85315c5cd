"""The forms of a group's reminder rules, and of what happens to a message whose fate is unknown."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField

from facilitator.accounts.forms import SAY_CHOOSE
from facilitator.planning.forms import LEADS_MINUTES, lead_label
from facilitator.reminders.rules import MessageKind, UnknownPolicy

MINUTE = timedelta(minutes=1)
# what is no number at all is said like a number that is not in the list
SAY = SAY_CHOOSE | {"invalid_value_message": SAY_CHOOSE["invalid_choice_message"]}


class RulesForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """When the group's people are reminded, at most two times before a session, and whether a few words come after."""

    first_lead = SelectField(_l("First reminder"), choices=list, coerce=int, **SAY)
    second_lead = SelectField(_l("Second reminder"), choices=list, coerce=int, **SAY)
    aftercare = BooleanField(_l("A few kind words on the morning after each session"))

    @classmethod
    def of(cls, leads: list[timedelta], *, aftercare: bool) -> "RulesForm":
        """Return the form filled with the present rules; a lead that is not in the list is added to it."""
        minutes = [lead // MINUTE for lead in leads] + [0, 0]
        form = cls(data={"first_lead": minutes[0], "second_lead": minutes[1], "aftercare": aftercare})
        choices = sorted({*LEADS_MINUTES, *minutes})
        form.first_lead.choices = form.second_lead.choices = [(value, lead_label(value)) for value in choices]
        return form

    def leads(self) -> list[timedelta]:
        """Return the chosen leads, the earliest reminder first."""
        chosen = [self.first_lead.data, self.second_lead.data]
        return sorted((minutes * MINUTE for minutes in chosen if minutes), reverse=True)


POLICIES = ((UnknownPolicy.RESEND_ONCE.value, _l("Send once more")), (UnknownPolicy.HOLD.value, _l("Hold for me")))


def answers() -> Sequence[tuple[str, str]]:
    """Return what may happen to a message of unknown fate."""
    return POLICIES


class PolicyForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """What happens to a message when nobody can tell whether it was accepted; one answer for each kind."""

    reminder = SelectField(_l("Reminder"), choices=answers, **SAY)
    moved = SelectField(_l("New time"), choices=answers, **SAY)
    cancelled = SelectField(_l("Cancellation"), choices=answers, **SAY)
    restored = SelectField(_l("Takes place after all"), choices=answers, **SAY)
    materials = SelectField(_l("Something to read"), choices=answers, **SAY)
    confirm = SelectField(_l("Question to confirm"), choices=answers, **SAY)
    welcome = SelectField(_l("Welcome"), choices=answers, **SAY)
    safe_check = SelectField(_l("Question every 8 weeks"), choices=answers, **SAY)
    aftercare = SelectField(_l("Kind words after"), choices=answers, **SAY)
    goodbye = SelectField(_l("Last message"), choices=answers, **SAY)

    @classmethod
    def of(cls, policies: Mapping[MessageKind, UnknownPolicy]) -> "PolicyForm":
        """Return the form filled with the present answers."""
        return cls(data={kind.value: policy.value for kind, policy in policies.items()})

    def chosen(self) -> dict[MessageKind, UnknownPolicy]:
        """Return the answers."""
        kinds = (kind for kind in MessageKind if kind in self)  # a test is repeated by whoever asked for it
        return {kind: UnknownPolicy(self[kind.value].data) for kind in kinds}
