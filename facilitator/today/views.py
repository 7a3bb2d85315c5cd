"""The first page: what is next, what needs a decision, the week, one light for delivery, and a guide in the first days."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from facilitator.times import get_zone, to_local
from facilitator.today import views_guide
from facilitator.today.forms import DigitsForm
from facilitator.today.guide import find_guide
from facilitator.today.service import show_day
from facilitator.web.login import me
from facilitator.web.request import db, now, settings

blueprint = Blueprint("today", __name__)


@blueprint.get("/")
def show_today() -> ResponseReturnValue:
    """Show the day."""
    return _page(DigitsForm(formdata=None))


def _page(digits_form: DigitsForm) -> str:
    day = show_day(db(), me(), now())
    guide = find_guide(db(), me(), day.groups, now())
    trial = guide.trial if guide else None
    return render_template(
        "today/show_today.html",
        nav="today",
        groups=day.groups,
        day=day,
        guide=guide,
        digits_form=digits_form,
        has_errors=bool(digits_form.errors),
        local_now=to_local(now(), get_zone(me().zone)),
        # the page has read it already where a slot is empty
        **(
            {"no_prompt_reviewed": lambda: settings().require_clinical_review and not day.has_reviewed}
            if day.gaps
            else {}
        ),
        **views_guide.trial_words(trial),
    )


views_guide.register(blueprint, _page)
