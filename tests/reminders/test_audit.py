"""The audit: what is missing, what nobody expects, and messages that vanished by any way but a deletion."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from facilitator.groups.models import Participant
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders.audit import AUDIT_AHEAD, AuditResult, audit
from facilitator.reminders.models import OutboxMessage, Suppression
from facilitator.reminders.models_worker import Counter, OutboxTally
from facilitator.reminders.rules import TERMINAL, OutboxState
from tests.reminders.conftest import HOUR, MINUTE, START
from tests.reminders.test_follow import HELD, LEASED, SENDING, SENT, UNKNOWN, pretend

STATES = dict.fromkeys(["pending", "leased", "sending", "unknown", "held", "ended"], 0)
BOTH = 2  # reminders of the one session to the one person


def look(scene) -> AuditResult:
    with scene.change() as db:
        return audit(db, scene.clock())


def found(scene):
    result = look(scene)
    return {name: getattr(result, name) for name in ("repaired", "missing", "extra", "lost") if getattr(result, name)}


def kept(scene):
    with scene.database.read() as db:
        return {f"{one.name}{one.labels}": one.value for one in db.scalars(select(Counter))}


def tally(scene):
    with scene.database.read() as db:
        return [(line.planned, line.deleted) for line in db.scalars(select(OutboxTally))]


@contextmanager
def untold(db, *names):
    """Switch triggers off and on again, as an accident or a repair by hand would."""
    if db.get_bind().dialect.name == "postgresql":
        for name in names:
            db.execute(text(f"ALTER TABLE outbox DISABLE TRIGGER {name}"))
        yield
        for name in names:
            db.execute(text(f"ALTER TABLE outbox ENABLE TRIGGER {name}"))
        return
    wanted = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
    sources = [db.scalar(wanted, {"name": name}) for name in names]
    for name in names:
        db.execute(text(f"DROP TRIGGER {name}"))
    yield
    for source in sources:
        db.connection().exec_driver_sql(source)


def swallow(db):
    """Let the database drop every new message without a word."""
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text("CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"))
        db.execute(text("CREATE TRIGGER swallow BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION swallow()"))
    else:
        db.connection().exec_driver_sql(
            "CREATE TRIGGER swallow BEFORE INSERT ON outbox BEGIN SELECT RAISE(IGNORE); END"
        )


def delete(scene, number=1):
    with scene.change() as db:
        for row in db.scalars(select(OutboxMessage).order_by(OutboxMessage.id).limit(number)):
            db.delete(row)


def test_where_every_change_was_followed_there_is_nothing_to_say(scene):
    scene.follow()
    assert look(scene) == AuditResult(repaired=0, missing=0, extra=0, lost=0, states=STATES | {"pending": BOTH})


def test_an_empty_outbox_is_whole(scene):
    scene.remove_rule(48 * HOUR)
    scene.remove_rule(3 * HOUR)
    assert found(scene) == {}


def test_a_change_that_forgot_to_follow_is_found_and_mended(scene):
    assert found(scene) == {"repaired": BOTH}
    assert found(scene) == {}
    with scene.change() as db:
        session = db.get_one(GroupSession, scene.session_id)
        session.starts_at += HOUR
        session.ends_at += HOUR
        session.time_rev += 1
    assert found(scene) == {"repaired": 2 * BOTH}  # withdrawn and planned anew
    assert found(scene) == {}


def test_a_missing_notice_is_mended_as_well(scene):
    scene.follow()
    pretend(scene, LEASED, SENDING, SENT, lead_minutes=48 * 60)
    with scene.change() as db:
        session = db.get_one(GroupSession, scene.session_id)
        session.status, session.time_rev = SessionStatus.CANCELLED, session.time_rev + 1
    assert found(scene) == {"repaired": 2}  # one withdrawn, one notice
    assert found(scene) == {}


def test_it_runs_twice_with_the_same_result_and_the_same_figures(scene):
    scene.add_person("bob")
    look(scene)
    first, figures = look(scene), kept(scene)
    assert (look(scene), kept(scene)) == (first, figures)
    assert figures["audit_missing"] == figures["audit_extra"] == figures["audit_lost"] == 0
    assert (figures['messagesstate="pending"'], figures['messagesstate="ended"']) == (2 * BOTH, 0)
    assert len(figures) == 3 + len(STATES)


def test_a_deleted_message_is_no_loss_and_is_planned_again(scene):
    scene.follow()
    delete(scene)
    assert found(scene) == {"repaired": 1}
    assert found(scene) == {}


def test_a_message_that_vanished_past_the_triggers_is_noticed_and_stays_noticed(scene):
    scene.follow()
    with scene.change() as db, untold(db, "outbox_deleted"):
        db.execute(text("DELETE FROM outbox WHERE lead_minutes = 180"))
    assert found(scene) == {"repaired": 1, "lost": 1}
    assert found(scene) == {"lost": 1}
    assert kept(scene)["audit_lost"] == 1


def test_a_message_that_nobody_planned_is_noticed_too(scene):
    with scene.change() as db, untold(db, "outbox_planned"):
        audit(db, scene.clock())
    assert found(scene) == {"lost": -BOTH}


def test_what_the_sweep_cannot_mend_is_missing(scene):
    with scene.change() as db:
        swallow(db)
    result = look(scene)
    assert (result.missing, result.lost) == (BOTH, 0)
    assert kept(scene)["audit_missing"] == BOTH
    with scene.change() as db:
        db.execute(text("DROP TRIGGER swallow" + ("" if scene.database.is_sqlite else " ON outbox")))
    assert found(scene) == {"repaired": BOTH}
    assert kept(scene)["audit_missing"] == 0


def test_a_waiting_message_that_nothing_calls_for_is_extra(scene):
    scene.follow()
    scene.force(scene.rows()[0].id, dedup_key="called for by nobody")
    assert found(scene) == {"repaired": 1, "extra": 1}
    assert found(scene) == {"extra": 1}


@pytest.mark.parametrize("why", ["stopped", "refused"])
def test_what_waits_for_somebody_who_is_not_written_to_any_more_is_no_extra(scene, why):
    """The gate turns it away when its time comes; nothing is wrong with the outbox until then."""
    scene.follow()
    if why == "stopped":
        scene.set_person(scene.people[0], state="stopped")
    else:
        with scene.change() as db:
            index = db.get_one(Participant, scene.people[0]).address_index
            db.add(Suppression(address_index=index, cause="no_such_mailbox"))
    assert look(scene).extra == 0


@pytest.mark.parametrize("values", [{"kind": "test"}, {"asked_by": "lead"}])
def test_what_a_person_asked_for_is_expected_by_them(scene, values):
    scene.follow()
    row = scene.rows()[0]
    values = values | ({"asked_by": scene.lead_id} if "asked_by" in values else {})
    with scene.change() as db:
        copy = {column.name: getattr(row, column.name) for column in OutboxMessage.__table__.columns}
        del copy["id"]
        db.add(OutboxMessage(**(copy | {"uuid": "a copy", "dedup_key": "a copy"} | values)))
    assert found(scene) == {}


@pytest.mark.parametrize("reminded", [False, True])
def test_through_a_whole_life_nothing_is_missing(scene, reminded):
    """From planning to after the end: due, sent, moved, cancelled, restored; each step followed as pages do it."""
    scene.follow()
    steps = [
        lambda: scene.clock.go_to(START - 48 * HOUR),
        lambda: reminded and pretend(scene, LEASED, SENDING, SENT, lead_minutes=48 * 60),
        lambda: scene.move(START + 2 * HOUR),
        scene.cancel,
        scene.restore,
        lambda: scene.remove_rule(3 * HOUR) or scene.follow(),
        lambda: scene.add_rule(3 * HOUR) or scene.follow(),
        lambda: scene.remove_person(scene.people[0]) or scene.follow(),
        lambda: scene.clock.go_to(START + 2 * HOUR + MINUTE),
    ]
    for number, step in enumerate(steps):
        step()
        result = look(scene)
        assert (number, result.repaired, result.missing, result.lost) == (number, 0, 0, 0)
        assert sum(result.states.values()) == len(scene.rows())


def test_every_message_is_counted_under_one_state(scene):
    for name in ("bob", "dora", "emil", "fay", "gil"):
        scene.add_person(name)
    scene.follow()
    ways = [
        (LEASED,),
        (LEASED, SENDING),
        (LEASED, SENDING, UNKNOWN),
        (LEASED, SENDING, UNKNOWN, HELD),
        (LEASED, SENDING, SENT),
    ]
    for row, way in zip(scene.rows(lead_minutes=180), ways, strict=False):
        pretend(scene, *way, id=row.id)
    result = look(scene)
    assert result.states == {"pending": 7, "leased": 1, "sending": 1, "unknown": 1, "held": 1, "ended": 1}
    assert set(result.states) == {*OutboxState} - TERMINAL | {"ended"}


def test_sessions_further_ahead_than_any_reminder_reaches_are_left_alone(scene):
    scene.add_session(scene.clock() + AUDIT_AHEAD + timedelta(days=1), position=2)
    assert found(scene) == {"repaired": BOTH}


def test_the_tally_is_folded_to_one_line_and_says_the_same(scene):
    scene.follow()
    delete(scene)
    scene.follow()
    look(scene)
    look(scene)
    assert tally(scene) == [(BOTH + 1, 1)]
    delete(scene, 2)
    result = look(scene)
    assert (result.lost, result.repaired) == (0, BOTH)
    assert tally(scene) == [(2 * BOTH + 1, 3)]


def test_planning_beside_an_audit_is_counted_once_and_never_waits_for_it(scene):
    if scene.database.is_sqlite:
        return  # one writer at a time
    look(scene)
    with scene.database.write() as auditor:
        audit(auditor, scene.clock())
        scene.add_person("bob")
        other = scene.add_session(START + timedelta(days=7), position=2)
        scene.follow(other)
        auditor.commit()
    assert look(scene).lost == 0
    assert sum(planned - deleted for planned, deleted in tally(scene)) == len(scene.rows())
