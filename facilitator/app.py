"""Ties every part of the web application together; the only importer of everything, and nothing is decided here."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from config import Config
from facilitator.accounts.views import blueprint as accounts
from facilitator.attendance.views import blueprint as attendance
from facilitator.attendance.views_here import blueprint as here
from facilitator.calendar.views import blueprint as calendar
from facilitator.curriculum.views import blueprint as curriculum
from facilitator.db import Database
from facilitator.groups.views import blueprint as groups
from facilitator.library.views import blueprint as library
from facilitator.mailbox.views import blueprint as mailbox
from facilitator.materials.views import blueprint as materials
from facilitator.paper.views import blueprint as paper
from facilitator.participant.views import blueprint as participant
from facilitator.planning.views import blueprint as planning
from facilitator.prompts.views import blueprint as prompts
from facilitator.reminders.views import blueprint as reminders
from facilitator.reports.views import blueprint as reports
from facilitator.search.views import blueprint as search
from facilitator.today.views import blueprint as today
from facilitator.vault import Vault
from facilitator.web import body, errors, filters, headers, health, locale, login, once, packing, request

TOP = Path(__file__).resolve().parent.parent
LARGEST_BODY = 1_000_000  # bytes; a pasted list of participants or a prompt fits many times over
DESK = (
    health.blueprint,
    today,
    calendar,
    search,
    accounts,
    groups,
    planning,
    prompts,
    library,
    curriculum,
    materials,
    reminders,
    attendance,
    reports,
    paper,
)
csrf = CSRFProtect()


def build(config: Config, database: Database | None = None, clock: Callable[[], datetime] | None = None) -> Flask:
    """Return the web application.

    Args:
        config: the settings.
        database: an open database, when the caller has one; otherwise it is opened here.
        clock: returns the present instant; tests give their own.
    """
    app = Flask("facilitator", template_folder=str(TOP / "templates"), static_folder=str(TOP / "static"))
    app.config |= {
        "SECRET_KEY": config.secret_key,
        "MAX_CONTENT_LENGTH": LARGEST_BODY,
        "MAX_FORM_MEMORY_SIZE": LARGEST_BODY,
        "SESSION_COOKIE_NAME": "desk",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": config.secure_cookies,
        "WTF_CSRF_TIME_LIMIT": None,  # the session's own end is the limit; a form left open overnight still works
        "SEND_FILE_MAX_AGE_DEFAULT": 3600,
        "BABEL_TRANSLATION_DIRECTORIES": str(TOP / "facilitator" / "translations"),
    }
    request.init_app(
        app, config, database or Database(config.database_url, Vault(config.vault_key)), clock or request.utc_now
    )
    body.init_app(app)
    csrf.init_app(app)
    for part in (login, once, locale, headers, packing, errors, filters):
        part.init_app(app)
    for blueprint in DESK:
        app.register_blueprint(blueprint)
    # participants' links carry their own proof and their pages have no cookie to steal a form with
    for blueprint in (participant, here):
        csrf.exempt(blueprint)
        app.register_blueprint(blueprint)
    if config.is_demo:
        app.register_blueprint(mailbox)
    return app
