"""The stage of the proof, set once for all tests of a process; every evening on it begins from the same bytes."""

from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine

from config import Config, Mode
from facilitator.mail.urls import MailUrl
from facilitator.proof.evening import sign_in
from facilitator.proof.grounds import postgresql_ground, sqlite_ground
from facilitator.proof.stage import Stage, settings_of_stage
from facilitator.vault import Vault


def settings(folder) -> Config:
    return Config(
        mode=Mode.DEMO,
        data_dir=folder,
        database_url="",
        secret_key="not a secret",
        vault_key=bytes(range(32)),
        base_url="http://localhost",
        mail_url=MailUrl(),
        mail_from="Notes <notes@mail.example>",
    )


@contextmanager
def set_stage(folder, open_ground):
    played_in = folder / "data"
    played_in.mkdir()
    config = settings_of_stage(settings(played_in), played_in)
    with open_ground(Vault(config.vault_key), played_in) as ground, Stage.set(config, ground, played_in) as stage:
        yield stage


@pytest.fixture(scope="session")
def stage_on_sqlite(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proof")
    with set_stage(folder, lambda vault, played_in: sqlite_ground(folder, vault, played_in)) as stage:
        yield stage


@pytest.fixture(scope="session")
def stage_on_postgresql(tmp_path_factory, postgres_server):
    engine = create_engine(postgres_server.url("postgres"))
    with set_stage(tmp_path_factory.mktemp("proof"), lambda vault, _at: postgresql_ground(engine, vault)) as stage:
        yield stage
    engine.dispose()


@pytest.fixture
def stage(stage_on_sqlite):
    stage_on_sqlite.begin_again()
    return stage_on_sqlite


@pytest.fixture(scope="session")
def cookie(stage_on_sqlite):
    """The facilitator's cookie; every evening goes on with it."""
    return sign_in(stage_on_sqlite)
