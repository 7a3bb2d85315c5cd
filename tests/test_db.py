"""The database handle: what SQLite is held to on every connection, how writers queue, and what an instant is."""

import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from facilitator import db as db_module
from facilitator.accounts.models import InstallationSetting
from facilitator.db import SQLITE_SETTINGS, Database, from_milliseconds, to_milliseconds
from facilitator.reminders.models import Suppression
from facilitator.vault import Vault, vault_of
from tests.conftest import VAULT_KEY

SETTINGS = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "busy_timeout": 10_000}


@pytest.fixture
def sqlite(tmp_path, migrated_file):
    path = tmp_path / "facilitator.db"
    path.write_bytes(migrated_file.read_bytes())
    opened = Database(f"sqlite:///{path}", Vault(VAULT_KEY))
    yield opened
    opened.close()


def read_settings(connection):
    return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in SETTINGS}


def test_every_pooled_sqlite_connection_keeps_every_setting(sqlite):
    with ExitStack() as stack:
        connections = [stack.enter_context(sqlite.engine.connect()) for _ in range(8)]
        assert len({id(one.connection.dbapi_connection) for one in connections}) == 8
        assert [read_settings(one) for one in connections] == [SETTINGS] * 8
        assert {one.exec_driver_sql("PRAGMA temp_store").scalar() for one in connections} == {2}
    with sqlite.write() as db, sqlite.read() as other:
        assert read_settings(db.connection()) == read_settings(other.connection()) == SETTINGS


@pytest.mark.parametrize("name", SQLITE_SETTINGS)
def test_a_setting_that_sqlite_refuses_stops_the_connection(sqlite, monkeypatch, name):
    value, _ = SQLITE_SETTINGS[name]
    monkeypatch.setitem(db_module.SQLITE_SETTINGS, name, (value, "something else"))
    sqlite.close()
    with pytest.raises(RuntimeError, match=f"SQLite refused {name}"), sqlite.read() as db:
        db.execute(text("SELECT 1"))


def test_a_database_in_memory_is_refused_because_it_keeps_no_log():
    opened = Database("sqlite://", Vault(VAULT_KEY))
    with pytest.raises(RuntimeError, match="journal_mode"), opened.read() as db:
        db.execute(text("SELECT 1"))
    opened.close()


def test_a_writing_session_begins_immediately_and_a_reading_one_does_not(sqlite):
    said = []
    event.listen(sqlite.engine, "before_cursor_execute", lambda *call: said.append(call[2]))
    for open_session in (sqlite.write, sqlite.read):
        with open_session() as db:
            db.execute(text("SELECT 1"))
    # a writer takes its turn on the connection itself, before anything is said through SQLAlchemy
    assert said == ["SELECT 1", "BEGIN", "SELECT 1"]


@pytest.mark.parametrize(("kind", "others"), [("write", "waits"), ("read", "passes")])
def test_whoever_writes_holds_the_others_back_from_the_start(sqlite, monkeypatch, kind, others):
    monkeypatch.setattr(db_module, "BUSY_TIMEOUT_MS", 20)
    with getattr(sqlite, kind)() as first, sqlite.write() as second:
        first.execute(text("SELECT 1"))
        if others == "passes":
            second.execute(text("SELECT 1"))
        else:
            with pytest.raises(OperationalError, match="database is locked"):
                second.execute(text("SELECT 1"))


def test_a_writer_is_let_in_beside_one_that_begins_again_at_once(sqlite):
    """SQLite's own waiting sleeps for up to 100 ms and wakes while the next short transaction is under way."""
    rounds, stop, asked = 0, threading.Event(), threading.Event()

    def write_on_and_on():
        nonlocal rounds
        while not stop.is_set():
            with sqlite.write() as db:
                db.execute(text("SELECT 1"))
                asked.set()
                time.sleep(0.05)
            rounds += 1
            time.sleep(0.005)

    busy = threading.Thread(target=write_on_and_on)
    busy.start()
    waited = 0
    for _ in range(5):
        asked.clear()
        asked.wait(10)
        before = rounds
        with sqlite.write() as db:
            db.execute(text("SELECT 1"))
            waited += rounds - before
    stop.set()
    busy.join(10)
    assert waited <= 15


def test_two_writers_that_read_first_take_turns_instead_of_failing(database):
    """A deferred transaction that reads and then writes fails at once when somebody committed in between."""
    with database.write() as db:
        db.add(InstallationSetting(name="count", value="0"))
        db.commit()
    failures = []
    together = threading.Barrier(4)

    def add_ten():
        together.wait(10)
        try:
            for _ in range(10):
                with database.write() as db:
                    row = db.get_one(InstallationSetting, "count", with_for_update=True)
                    row.value = str(int(row.value) + 1)
                    time.sleep(0.001)
                    db.commit()
        except OperationalError as error:
            failures.append(error)

    threads = [threading.Thread(target=add_ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures
    with database.read() as db:
        assert db.get_one(InstallationSetting, "count").value == "40"


def test_a_reader_sees_what_was_committed_while_somebody_writes(database):
    with database.write() as writer:
        writer.add(InstallationSetting(name="half", value="done"))
        writer.flush()
        with database.read() as reader:
            assert reader.get(InstallationSetting, "half") is None
        writer.commit()
    with database.read() as reader:
        assert reader.get_one(InstallationSetting, "half").value == "done"


def test_what_was_not_committed_is_gone(database):
    with database.write() as db:
        db.add(InstallationSetting(name="never", value="kept"))
        db.flush()
    with database.read() as db:
        assert db.get(InstallationSetting, "never") is None


def test_a_naive_datetime_is_refused_before_it_reaches_the_table(database):
    with database.write() as db:
        db.add(Suppression(address_index="x", cause="test", until_at=datetime(2026, 11, 26, 18, 30)))  # noqa: DTZ001 - the point
        with pytest.raises(StatementError, match="always aware"):
            db.flush()


def test_an_instant_comes_back_in_utc_and_to_the_millisecond(database):
    at = datetime(2026, 11, 26, 18, 30, 0, 123_000, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    with database.write() as db:
        db.add_all(
            [Suppression(address_index="a", cause="test", until_at=at), Suppression(address_index="b", cause="test")]
        )
        db.commit()
    with database.read() as db:
        found, none = db.get_one(Suppression, "a").until_at, db.get_one(Suppression, "b").until_at
        stored = db.scalar(text("SELECT until_at FROM suppression WHERE address_index = 'a'"))
    assert (found, found.tzinfo, none) == (at, UTC, None)
    assert stored == to_milliseconds(at) == 1_795_697_100_123


@pytest.mark.parametrize("milliseconds", [0, 1, 999, 1_795_697_100_123, 4_102_444_800_001, -1])
def test_milliseconds_survive_the_way_there_and_back(milliseconds):
    assert to_milliseconds(from_milliseconds(milliseconds)) == milliseconds


def test_the_text_of_a_database_error_repeats_no_value(database):
    with database.write() as db:
        db.add_all([InstallationSetting(name="one", value="pat@example.org") for _ in range(2)])
        with pytest.raises(IntegrityError) as caught:
            db.flush()
    assert "pat@example.org" not in str(caught.value)


def test_a_checkpoint_empties_the_log(sqlite, tmp_path):
    with sqlite.write() as db:
        db.add(InstallationSetting(name="logged", value="yes"))
        db.commit()
    log = tmp_path / "facilitator.db-wal"
    assert log.stat().st_size > 0
    sqlite.checkpoint()
    assert log.stat().st_size == 0


def test_every_session_carries_the_vault(database):
    with database.read() as reader, database.write() as writer:
        assert vault_of(reader) == vault_of(writer) == Vault(VAULT_KEY)
