"""What a page showed when it was opened, carried in its form, so that a second window never wins in silence.

A page hands the facts that it shows to `mark_of` and carries the answer in a hidden field. The press hands in the
same facts as they stand by then, under the lock that the change is made under.
This module must never know what the facts are about, and stores nothing.
"""

import hashlib

from flask import request
from flask_babel import gettext as _

from facilitator.errors import Conflict

FIELD = "seen"
_LETTERS = 16


class ChangedMeanwhile(Conflict):
    """Say that what the page showed is out of date; the page is shown anew with what was typed."""

    def __init__(self) -> None:
        super().__init__(
            _("This was changed elsewhere meanwhile. Here is how it stands now. Look again before you go on.")
        )


def mark_of(*facts: object) -> str:
    """Return a short mark of facts, which differs as soon as one of them does: values whose `repr` is what they are."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:_LETTERS]


def refuse_changed(*facts: object) -> None:
    """Refuse a press on a page that showed other facts; a request without the field claims to have seen nothing.

    Raises:
        ChangedMeanwhile: when the facts differ.
    """
    if request.form.get(FIELD, "") not in {"", mark_of(*facts)}:
        raise ChangedMeanwhile
