"""What a monitor is told: whether the process answers, whether the database takes a write, whether delivery keeps its word."""

import pytest

from facilitator.db import Database
from facilitator.reminders.health import TICK_PERIODS
from facilitator.reminders.models import Tick
from facilitator.vault import Vault
from tests import factories


def test_the_process_answers_and_asks_for_no_cookie(client):
    response = client.get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "ok"})
    assert "Set-Cookie" not in response.headers


def test_a_database_that_takes_a_write_is_ready(client):
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_that_is_gone_is_not_ready_and_the_process_still_answers(client, database, tmp_path):
    database.close()
    for path in tmp_path.glob("facilitator.db*"):
        path.unlink()
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_is_gone_is_not_ready(config, now):
    gone = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing", Vault(config.vault_key))
    client = factories.open_app(config, gone, factories.Clock(now)).test_client()
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_delivery_without_a_worker_is_not_well_and_with_one_it_is(client, database, now):
    response = client.get("/health/delivery")
    assert response.status_code == 503
    assert response.json["problems"] == [f"tick_{name}" for name in TICK_PERIODS]
    with database.write() as db:
        db.add_all(Tick(name=name, owner="worker:1", epoch=1, started_at=now, finished_at=now) for name in TICK_PERIODS)
        db.commit()
    response = client.get("/health/delivery")
    assert (response.status_code, response.json["ok"]) == (200, True)
