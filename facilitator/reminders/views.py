"""The page of all reminders: health, what is coming, the ledger by occasion; and what a monitor asks for."""

from hmac import compare_digest

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.errors import NotFound
from facilitator.groups import service as groups
from facilitator.reminders import service as reminders
from facilitator.reminders import views_group, views_light, views_messages, views_preview
from facilitator.reminders.forms import PolicyForm
from facilitator.reminders.health import DeliveryHealth, check_delivery
from facilitator.reminders.ledger import list_occasions
from facilitator.reminders.ledger_personal import list_personal
from facilitator.reminders.lines import list_lines
from facilitator.reminders.metrics import CONTENT_TYPE, write_page
from facilitator.reminders.policy import policies, set_policy
from facilitator.web.login import me, public
from facilitator.web.request import db, now, settings

blueprint = Blueprint("reminders", __name__)
LAST_PAGE = 10_000  # further than any ledger reaches; a longer number would not fit the database
for part in (views_group, views_preview, views_messages, views_light):
    part.register(blueprint)


@blueprint.get("/reminders")
def show_reminders() -> ResponseReturnValue:
    """Show the health of delivery and the messages of all one's groups."""
    return _show_reminders(PolicyForm.of(policies(db())))


def _show_reminders(form: PolicyForm) -> str:
    mine = groups.list_own(db(), me())
    ids = [group.id for group in mine]
    page = min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
    return render_template(
        "reminders/show_reminders.html",
        nav="reminders",
        groups=mine,
        form=form,
        has_errors=bool(form.errors),
        health=check_delivery(db(), now(), me=me()),
        lines=list_lines(db(), ids, now()),
        coming=list_occasions(db(), ids, coming=True),
        past=list_occasions(db(), ids, coming=False, page=page),
        personal=list_personal(db(), ids),
        page=page,
        now=now(),
    )


@blueprint.post("/reminders/pause")
def pause_all() -> ResponseReturnValue:
    """Hold back every message of this installation, or let them go again."""
    if reminders.is_all_paused(db()):
        reminders.resume_all(db())
        flash(_("Messages go out again."))
    else:
        reminders.pause_all(db(), now())
        flash(_("All messages are held back. Nothing was deleted."))
    db().commit()
    return redirect(url_for("reminders.show_reminders"), 303)


@blueprint.post("/reminders/policy")
def change_policy() -> ResponseReturnValue:
    """Choose, for each kind of message, what happens when the server's answer is lost."""
    form = PolicyForm()
    if not form.validate():
        return _show_reminders(form), 422
    for kind, policy in form.chosen().items():
        set_policy(db(), kind, policy)
    db().commit()
    flash(_("Saved. It holds from now on, also for messages of unknown fate."))
    return redirect(url_for("reminders.show_reminders") + "#lost", 303)


@blueprint.get("/health/delivery")
@public
def report_health() -> ResponseReturnValue:
    """Answer a monitor: 200 while delivery keeps its word, 503 with codes when it does not."""
    health = check_delivery(db(), now())
    return _health_values(health), 200 if health.ok else 503


@blueprint.get("/metrics")
@public
def show_metrics() -> ResponseReturnValue:
    """Answer Prometheus with the figures of delivery, if it knows the token of the settings; without one, nobody."""
    wanted, given = settings().metrics_token, request.headers.get("Authorization", "")
    if not wanted:
        raise NotFound
    if not compare_digest(given.encode(), f"Bearer {wanted}".encode()):
        return "", 401, {"WWW-Authenticate": "Bearer"}
    return write_page(db(), now()), {"Content-Type": CONTENT_TYPE}


def _health_values(health: DeliveryHealth) -> dict[str, object]:
    return {
        "ok": health.ok,
        "problems": list(health.problems),
        "oldest_due_s": round(health.oldest_due.total_seconds()),
        "held": health.held,
        "paused": health.paused,
        "returns_unread": health.returns_unread,
        "sqlite": health.sqlite_version or None,
        "ticks": {tick.name: tick.finished_at and tick.finished_at.isoformat() for tick in health.ticks},
    }
