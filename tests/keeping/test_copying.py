"""The move to PostgreSQL: every row arrives, counted, and an interrupted move leaves nothing behind."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from facilitator.accounts.models import Facilitator
from facilitator.errors import Conflict
from facilitator.keeping import copying
from facilitator.keeping.copying import copy_database
from facilitator.planning.models import GroupSession
from facilitator.reminders.audit import audit
from facilitator.reminders.models import OutboxMessage
from tests.factories import make_message
from tests.keeping.conftest import everything_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_every_row_arrives_and_the_old_database_stays_as_it_was(kept, other):
    before = everything_in(kept.database)
    counts = copy_database(kept.database, other)
    assert everything_in(other) == everything_in(kept.database) == before
    assert counts == {name: len(rows) for name, rows in before.items()}


def test_new_rows_get_numbers_of_their_own_and_no_message_counts_as_lost(kept, other, now):
    copy_database(kept.database, other)
    with other.write() as db:
        last = db.scalar(select(func.max(OutboxMessage.id)))
        session = db.scalars(select(GroupSession).order_by(GroupSession.starts_at)).first()
        assert make_message(db, session).id > last
        assert audit(db, now + timedelta(minutes=1), lambda: None).lost == 0


def test_a_database_in_use_is_never_written_over(kept):
    before = everything_in(kept.database)
    with pytest.raises(Conflict, match="There is an installation"):
        copy_database(kept.database, kept.database)
    assert everything_in(kept.database) == before


def test_rows_that_do_not_arrive_are_noticed_and_nothing_is_kept(kept, other, monkeypatch):
    class Careless(copying.TableWriter):
        def add(self, row):
            if row.get("name") != "Bob":
                super().add(row)

    monkeypatch.setattr(copying, "TableWriter", Careless)
    monkeypatch.setattr(copying, "read_rows", _without_dependents(copying.read_rows))
    with pytest.raises(Conflict, match="Other numbers of rows arrived than were sent: facilitator"):
        copy_database(kept.database, other)
    with other.read() as db:
        assert db.scalar(select(func.count()).select_from(Facilitator)) == 0


def _without_dependents(read):
    return lambda link, table: iter(()) if table.name == "group_facilitator" else read(link, table)
