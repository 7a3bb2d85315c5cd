"""Fixtures of the whole suite: databases on both engines, the app, personas and the present instant.

A test that asks for `database` runs once on SQLite (a copy of a migrated file) and once on PostgreSQL.
"""

import gc
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from config import Config, Mode
from facilitator import migrations
from facilitator.accounts.models import Facilitator
from facilitator.db import Database
from facilitator.mail.urls import parse_mail_url
from facilitator.vault import Vault
from tests import factories, postgres
from tests.real import require, require_tool
from tests.statements import share_statements

if TYPE_CHECKING:
    from playwright.sync_api import Browser

VAULT_KEY = bytes(range(32))
ENGINES = ("sqlite", "postgresql")
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of every later search for garbage: a twelfth of the suite's work."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture
def now() -> datetime:
    """Monday morning, before any session of the day."""
    return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the newest schema and no rows; copied, never used."""
    path = tmp_path_factory.mktemp("template") / "facilitator.db"
    database = Database(f"sqlite:///{path}", Vault(VAULT_KEY))
    migrations.upgrade(database)
    database.checkpoint()
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    binaries = postgres.find_binaries()
    require(binaries is not None, "PostgreSQL")
    assert binaries
    with postgres.running(binaries) as server:
        yield server


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        path = tmp_path / "facilitator.db"
        shutil.copyfile(request.getfixturevalue("migrated_file"), path)
        yield f"sqlite:///{path}"
    else:
        with request.getfixturevalue("postgres_server").fresh() as url:
            yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url, Vault(VAULT_KEY))
    share_statements(opened)
    yield opened
    opened.close()


@pytest.fixture
def db(database: Database) -> Iterator[Session]:
    """A writing session; what is not committed is gone afterwards."""
    with database.write() as session:
        yield session


@pytest.fixture
def alice(db: Session) -> Facilitator:
    return factories.make_account(db, "Alice")


@pytest.fixture
def bob(db: Session) -> Facilitator:
    return factories.make_account(db, "Bob")


@pytest.fixture
def charlie(db: Session) -> Facilitator:
    return factories.make_account(db, "Charlie")


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Config:
    return Config(
        mode=Mode.DEMO,
        data_dir=tmp_path,
        database_url=database_url,
        secret_key="not a secret",
        vault_key=VAULT_KEY,
        base_url="http://localhost",
        mail_url=parse_mail_url("mailbox:"),
        mail_from="Notes <notes@mail.example>",
    )


@pytest.fixture(autouse=True)
def _apps() -> Iterator[None]:
    yield
    factories.APPS.take_back()


@pytest.fixture
def house(config: Config, database: Database, now: datetime) -> factories.House:
    """The app with Alice, Bob, Charlie and Pat."""
    return factories.open_house(config, database, now)


@pytest.fixture
def app(config: Config, database: Database, now: datetime) -> Flask:
    """The app over an empty database."""
    opened: Flask = factories.open_app(config, database, factories.Clock(now))
    return opened


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser in which nobody is signed in."""
    return app.test_client()


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """A real browser, one for the process: its driver cannot be started twice."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - a layer of its own, which most tests do without

    path = require_tool("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=list(CHROMIUM))
        yield browser
        browser.close()
