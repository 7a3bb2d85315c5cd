"""The program keeps the rules of its house, and each rule is shown to be able to fail."""

import statistics
from pathlib import Path

import pytest

from tests.architecture import check, check_comments
from tests.sources import Module, length

TOP = Path(__file__).parent.parent
MIGRATIONS = TOP / "facilitator" / "migrations" / "versions"
SOURCES = [TOP / "config.py", TOP / "dev.py", *sorted((TOP / "facilitator").rglob("*.py"))]
SOURCES = [path for path in SOURCES if MIGRATIONS not in path.parents]
MEDIAN, NINE_IN_TEN = 10, 25  # lines of a function

RULES = "facilitator/planning/rules.py"
SERVICE = "facilitator/planning/service.py"
VIEWS = "facilitator/planning/views.py"

BROKEN_IMPORTS = [
    ("facilitator/errors.py", "from facilitator import times", "facilitator.errors -> facilitator.times"),
    ("facilitator/times.py", "from facilitator.mail import smtp", "facilitator.times -> facilitator.mail.smtp"),
    ("facilitator/mail/smtp.py", "from facilitator.groups.models import Group", "-> facilitator.groups.models"),
    ("facilitator/db.py", "from facilitator.accounts import models", "-> facilitator.accounts.models"),
    ("facilitator/accounts/service.py", "from facilitator.groups import service", "-> facilitator.groups.service"),
    ("facilitator/groups/models.py", "from ..planning.models import Series", "-> facilitator.planning.models"),
    (
        "facilitator/planning/service.py",
        "from facilitator.attendance import service",
        "-> facilitator.attendance.service",
    ),
    (
        "facilitator/attendance/service.py",
        "from facilitator.groups.models import Group",
        "-> facilitator.groups.models",
    ),
    ("facilitator/attendance/rules.py", "from facilitator.planning import rules", "-> facilitator.planning.rules"),
    ("facilitator/attendance/models.py", "import facilitator.accounts.models", "-> facilitator.accounts.models"),
    (
        "facilitator/participant/service.py",
        "from facilitator.accounts import service",
        "-> facilitator.accounts.service",
    ),
    ("facilitator/participant/views.py", "from facilitator.accounts import service", "-> facilitator.accounts.service"),
    (
        "facilitator/planning/models.py",
        "from . import service",
        "facilitator.planning.models -> facilitator.planning.service",
    ),
    (
        "facilitator/planning/models.py",
        "from facilitator.groups.service import get_group",
        "-> facilitator.groups.service",
    ),
    (
        "facilitator/planning/rules.py",
        "from facilitator.planning.models import Series",
        "-> facilitator.planning.models",
    ),
    (
        "facilitator/planning/rules_slots.py",
        "from facilitator.curriculum import model",
        "-> facilitator.curriculum.model",
    ),
    (
        "facilitator/planning/rules.py",
        "from facilitator.db import Base",
        "facilitator.planning.rules -> facilitator.db",
    ),
    ("facilitator/reminders/plan.py", "from facilitator.mail import smtp", "-> facilitator.mail.smtp"),
    ("facilitator/planning/queries.py", "from facilitator.planning import service", "-> facilitator.planning.service"),
    ("facilitator/planning/service.py", "from facilitator.planning import views", "-> facilitator.planning.views"),
    (
        "facilitator/planning/service.py",
        "from facilitator.planning.forms import Dates",
        "-> facilitator.planning.forms",
    ),
    ("facilitator/planning/forms.py", "from facilitator.planning import service", "-> facilitator.planning.service"),
    ("facilitator/planning/views.py", "from facilitator.groups import views", "-> facilitator.groups.views"),
    ("facilitator/planning/rules.py", "from flask_babel import gettext", "facilitator.planning.rules -> flask_babel"),
    ("facilitator/planning/wording.py", "from facilitator.planning import queries", "-> facilitator.planning.queries"),
    ("facilitator/planning/service.py", "from facilitator.web.request import db", "-> facilitator.web.request"),
    ("facilitator/planning/service.py", "from facilitator import create_app", "-> facilitator.create_app"),
    (
        "facilitator/planning/service.py",
        "def go():\n    from facilitator import worker",
        "planning/service.py:3 facilitator.planning",
    ),
    ("facilitator/web/login.py", "from facilitator.groups import service", "-> facilitator.groups.service"),
    ("config.py", "from facilitator.groups import models", "config -> facilitator.groups.models"),
    ("facilitator/planning/rules.py", "import sqlalchemy", "facilitator.planning.rules -> sqlalchemy"),
    ("facilitator/planning/rules.py", "import icalendar", "facilitator.planning.rules -> icalendar"),
    ("facilitator/groups/rules.py", "from dateutil import rrule", "facilitator.groups.rules -> dateutil"),
    ("facilitator/planning/ical.py", "import dateutil.tz", "facilitator.planning.ical -> dateutil"),
    ("facilitator/reminders/plan.py", "import time", "facilitator.reminders.plan -> time"),
    ("facilitator/mail/outcome.py", "import socket", "facilitator.mail.outcome -> socket"),
    ("facilitator/groups/rules.py", "from pathlib import Path", "facilitator.groups.rules -> pathlib"),
    ("facilitator/planning/service.py", "from flask import g", "facilitator.planning.service -> flask"),
    ("facilitator/planning/models.py", "import flask_login", "facilitator.planning.models -> flask_login"),
    ("facilitator/planning/__init__.py", "import flask", "facilitator.planning -> flask"),
    ("config.py", "import flask", "config -> flask"),
    ("facilitator/reminders/service.py", "import smtplib", "facilitator.reminders.service -> smtplib"),
]
KEPT_IMPORTS = [
    ("facilitator/db.py", "from facilitator.vault import Vault"),
    (
        "facilitator/mail/smtp.py",
        "import smtplib\nfrom facilitator.mail.outcome import Phase\nfrom facilitator import times",
    ),
    (
        "facilitator/planning/rules.py",
        "from dateutil import rrule\nfrom .rules_slots import slot\nfrom facilitator.errors import Invalid",
    ),
    (
        "facilitator/prompts/rules.py",
        "import random\nfrom datetime import time\nfrom facilitator.curriculum.rules import Focus",
    ),
    (
        "facilitator/reminders/plan.py",
        "from facilitator.reminders.rules import lead\nfrom facilitator.mail.outcome import Phase",
    ),
    (
        "facilitator/reminders/delivery.py",
        "from facilitator.reminders import letters, service\nfrom facilitator.mail import smtp",
    ),
    (
        "facilitator/reminders/letters.py",
        "from flask import render_template\nfrom facilitator.planning.models import Series",
    ),
    (
        "facilitator/groups/forms.py",
        "from flask_wtf import FlaskForm\nfrom facilitator.groups import forms_fields, models, rules",
    ),
    (
        "facilitator/groups/wording.py",
        "from flask_babel import gettext as _\nfrom facilitator.groups.rules import Code",
    ),
    (
        "facilitator/planning/queries.py",
        "from facilitator.groups import service\nfrom facilitator.planning import models",
    ),
    ("facilitator/planning/views.py", "from facilitator.groups.models import Group"),
    (
        "facilitator/groups/service.py",
        "from facilitator.accounts import service\nfrom facilitator.groups import queries, models",
    ),
    ("facilitator/reports/service.py", "from facilitator.attendance import service"),
    (
        "facilitator/attendance/views.py",
        "from facilitator.planning import service\nfrom facilitator.attendance import models, forms",
    ),
    (
        "facilitator/accounts/views.py",
        "import flask\nfrom facilitator.web.request import db\nfrom facilitator.reports import queries",
    ),
    (
        "facilitator/participant/views.py",
        "from facilitator.planning import ical, views\nfrom facilitator.groups import service",
    ),
    ("facilitator/web/login.py", "import flask_login\nfrom facilitator.accounts import service"),
    (
        "facilitator/worker.py",
        "import flask\nfrom facilitator.reminders import delivery\nfrom facilitator import create_app",
    ),
    ("facilitator/today/views.py", "from facilitator.today import queries\nfrom facilitator.planning import service"),
    ("config.py", "import os\nfrom facilitator.mail.urls import MailUrl"),
]
BROKEN_HABITS = [
    (SERVICE, "import os\nhome = os.environ['HOME']", ":2 reads the environment"),
    (SERVICE, "import os\nhome = os.getenv('HOME')", ":2 reads the environment"),
    (SERVICE, "from os import environ", ":1 reads the environment"),
    (RULES, "lines = open('x').read()", "does I/O in a pure module: open"),
    (SERVICE, "started_at = datetime.now(UTC)", "reads the clock: datetime.now"),
    (SERVICE, "import datetime as dt\nx = dt.datetime.utcnow()", "reads the clock: dt.datetime.utcnow"),
    (SERVICE, "on = date.today()", "reads the clock: date.today"),
    (SERVICE, "x = field(default_factory=datetime.now)", "reads the clock: datetime.now"),
    (SERVICE, "import time\nx = time.time()", "reads the clock: time.time"),
    (SERVICE, "from time import time", "reads the clock: time.time"),
    (SERVICE, "q = select(func.now())", "reads the clock: func.now"),
    ("facilitator/web/login.py", "x = datetime.now(UTC)", "reads the clock"),
    (SERVICE, "def f(db):\n    db.commit()", ":2 commits outside"),
    ("facilitator/web/request.py", "db.commit()", "commits outside"),
    (VIEWS, "x = db.scalars(q)", "a view queries: db.scalars"),
    (VIEWS, "from sqlalchemy import select", "a view queries: sqlalchemy.select"),
    ("facilitator/planning/utils.py", "", "a name that says nothing"),
    (SERVICE, "x = 1\n" * 301, ":301 301 lines in one file"),
    (SERVICE, "def _f():\n" + "    x = 1\n" * 50, "_f has 51 lines"),
    (SERVICE, "def _f(now=None): ...", "_f has a default for now"),
    (SERVICE, "def _f(*, at, now=None): ...", "_f has a default for now"),
    (SERVICE, "try:\n    x = 1\nexcept:\n    x = 2", ":3 a bare except"),
    (SERVICE, "x = 1", ":1 the module has no docstring"),
    (SERVICE, "def go(): ...", "go has no docstring"),
    (SERVICE, "class Go: ...", "Go has no docstring"),
    (SERVICE, 'class Go:\n    """A thing."""\n    def off(self): ...', "off has no docstring"),
    (SERVICE, "x = 1  # noqa", "noqa without a rule"),
    (SERVICE, "x = 1  # noqa: E501", "noqa without a rule or without a reason"),
    (SERVICE, "x = 1  # noqa and a reason", "noqa without a rule"),
    (SERVICE, "x = 1  # type: ignore", "type: ignore without a code"),
    (SERVICE, "x = 1  # TODO later", "unfinished"),
    (SERVICE, "x = 1  # FIXME", "unfinished"),
]
KEPT_HABITS = [
    ("config.py", '"""Settings."""\nimport os\nhome = os.environ'),
    ("facilitator/cli.py", '"""Verbs."""\nx = datetime.now(UTC)\ndb.commit()'),
    (VIEWS, '"""Pages."""\nx = datetime.now(UTC)\ndb.commit()\ny = request.args.get("x")'),
    ("facilitator/reminders/delivery.py", '"""Loop."""\ndb.commit()'),
    (
        "facilitator/groups/service.py",
        '"""Cases."""\nx = time.monotonic()\ny = datetime.fromtimestamp(0, UTC)\nz = slot.now',
    ),
    (SERVICE, '"""Cases."""\ndef _f(at=None, *, now): ...\nx = 1  # noqa: E501 a long address\ny = "# TODO"'),
    (SERVICE, '"""Cases."""\n# the reason stands above\nx = 1  # noqa: E501\ny = 2  # type: ignore[misc] # why'),
]


def lengths():
    return sorted(
        length(function)
        for path in SOURCES
        for function in Module.parse(str(path.relative_to(TOP)), path.read_text(encoding="utf-8")).functions()
    )


def test_the_program_keeps_every_rule():
    findings = [
        finding for path in SOURCES for finding in check(str(path.relative_to(TOP)), path.read_text(encoding="utf-8"))
    ]
    assert len(SOURCES) > 10
    assert not findings, "\n" + "\n".join(findings)


def test_the_tests_leave_nothing_unfinished_and_silence_nothing_without_a_reason():
    paths = sorted((TOP / "tests").rglob("*.py"))
    modules = (Module.parse(str(path.relative_to(TOP)), path.read_text(encoding="utf-8")) for path in paths)
    findings = [finding for module in modules for finding in check_comments(module)]
    assert not findings, "\n" + "\n".join(findings)


def test_functions_are_short_in_the_middle_and_in_nine_of_ten():
    found = lengths()
    assert statistics.median(found) <= MEDIAN
    assert found[int(len(found) * 0.9)] <= NINE_IN_TEN


@pytest.mark.parametrize(("path", "source", "expected"), BROKEN_IMPORTS)
def test_a_forbidden_import_is_found(path, source, expected):
    findings = [finding for finding in check(path, f'"""Text."""\n{source}') if " -> " in finding]
    assert len(findings) == 1
    assert findings[0].startswith(f"{path}:")
    assert expected in findings[0]


@pytest.mark.parametrize(("path", "source"), KEPT_IMPORTS)
def test_an_allowed_import_is_left_alone(path, source):
    assert check(path, f'"""Text."""\n{source}') == []


@pytest.mark.parametrize(("path", "source", "expected"), BROKEN_HABITS)
def test_a_broken_habit_is_found_on_its_line(path, source, expected):
    assert any(f"{path}:" in finding and expected in finding for finding in check(path, source))


@pytest.mark.parametrize(("path", "source"), KEPT_HABITS)
def test_a_kept_habit_is_left_alone(path, source):
    assert check(path, source) == []
