"""One person among many: whose letter cannot be made, who unsubscribes in the middle, who shares a mailbox."""

import urllib.request
from datetime import UTC, datetime

import pytest

from facilitator.errors import Conflict
from facilitator.groups.models import Group, Participant
from facilitator.groups.people import Entry, add_participants, settings_token
from facilitator.reminders.rules import OutboxState
from facilitator.tokens import token_hash
from tests.faults.clockwork import Clockwork, let_time_pass
from tests.faults.installation import MIDNIGHT, conserved, on_sqlite, wait_until
from tests.faults.pages import pages
from tests.mail.servers import Liar, Slow, honest
from tests.reminders.conftest import HOUR, MINUTE, Scene

pytestmark = pytest.mark.processes
ALWAYS = {"quiet_from_time": MIDNIGHT, "quiet_to_time": MIDNIGHT}


@pytest.mark.fault(35)
def test_a_letter_that_cannot_be_made_fails_alone_after_three_tries(installation):
    rows = installation.remind(9)
    installation.scene.set_person(rows[4].participant_id, address_sealed=b"\x01" + bytes(60))
    with Liar() as server:
        installation.send_to(server)
        installation.fork()
        wait_until(lambda: installation.states() == {"sent": 8, "pending": 1})
        for attempts in (1, 2):
            wait_until(lambda attempts=attempts: installation.scene.row(id=rows[4].id).attempts == attempts)
            let_time_pass(installation)
        wait_until(lambda: installation.states() == {"sent": 8, "failed": 1})
        more = installation.remind(2)
        wait_until(lambda: {installation.scene.row(id=row.id).state for row in more} == {"sent"})
    poisoned = installation.scene.row(id=rows[4].id)
    assert (poisoned.reason, poisoned.attempts, poisoned.gated_at, poisoned.unknowns) == ("cannot_be_built", 3, None, 0)
    assert set(conserved(installation, server).values()) == {1}


@pytest.mark.fault(35)
@on_sqlite
def test_a_person_whose_zone_there_is_not_stops_nobody_else(installation):
    """No page lets such a zone in; a database that somebody edited may hold it."""
    rows = installation.remind(9)
    installation.scene.set_person(rows[0].participant_id, zone="Mars/Base")
    with Liar() as server:
        installation.send_to(server)
        installation.fork()
        wait_until(lambda: installation.states()["sent"] == 8, 5)
    conserved(installation, server)


@pytest.mark.fault(35)
def test_a_group_that_cannot_be_planned_leaves_the_others_their_plan(installation, config, caplog):
    """A zone that no table knows is refused by every form; a restored or edited database may hold one."""
    scene = installation.scene
    healthy = Scene(installation.database, scene.clock).build(
        leads=(3 * HOUR,), people=(), start=scene.clock.at + 179 * MINUTE
    )
    for one in (scene, healthy):
        one.add_person("pat@example.org", **ALWAYS)
    scene.add_person("nobody", zone="Mars/Base")
    with Liar() as server:
        assert Clockwork(installation, config, server).tick() == ["pat"]
    assert [row.session_id for row in scene.rows()] == [healthy.session_id]
    assert "the messages of a group cannot be planned" in caplog.text
    conserved(installation, server)


def stop_link(installation, person_id):
    """Return the ending of the address that stands in the List-Unsubscribe header of a person's mail."""
    with installation.scene.change() as db:
        person = db.get_one(Participant, person_id)
        token = settings_token(db, person)
        person.settings_hash = token_hash(token)
    return f"/m/{token}/stop"


@pytest.mark.fault(36)
def test_who_unsubscribes_during_a_batch_is_not_written_to_any_more(installation):
    rows = installation.remind(40)
    # the last of the batch: one whose mail program posts, one whose scanner merely opens the address
    posts, opens = (stop_link(installation, row.participant_id) for row in rows[-2:])
    handler = Slow()
    with honest(handler) as server, pages(installation) as address:
        installation.send_to(server)
        installation.fork()
        wait_until(lambda: len(handler.accepted) >= 3)
        with urllib.request.urlopen(address + opens, timeout=5) as answer:
            assert answer.status == 200
        request = urllib.request.Request(address + posts, data=b"List-Unsubscribe=One-Click", method="POST")
        with urllib.request.urlopen(request, timeout=5) as answer:
            stopped_at = datetime.now(UTC)
            assert (answer.status, "Set-Cookie" in answer.headers) == (200, False)
        assert installation.states()["sent"] < 38
        wait_until(lambda: installation.states() == {"sent": 39, "suppressed": 1})
    one = installation.scene.row(id=rows[-2].id)
    assert (one.state, one.reason) == (OutboxState.SUPPRESSED, "person_stopped")
    assert one.gated_at is None or one.gated_at < stopped_at
    assert one.uuid not in conserved(installation, handler)


@pytest.mark.fault(37)
def test_two_people_with_one_mailbox_get_a_message_each_and_nobody_gets_two_for_one_role(installation, config):
    """One mailbox stands once on a list; on two lists it belongs to two people, who are told of two sessions."""
    scene = installation.scene
    other = Scene(installation.database, scene.clock).build(
        leads=(3 * HOUR,), people=(), start=scene.clock.at + 179 * MINUTE
    )
    for one in (scene, other):
        one.add_person("shared@example.org", **ALWAYS)
    scene.add_person("alice@example.org", **ALWAYS)  # leads both groups, and is on the list of one
    for twice in ("shared@example.org", "Shared@Example.ORG", " shared@example.org "):
        with scene.change() as db, pytest.raises(Conflict):
            add_participants(db, db.get_one(Group, scene.group_id), [Entry(alias="again", address=twice)])
    with Liar() as server:
        work = Clockwork(installation, config, server)
        assert sorted(work.tick()) == ["alice", "shared", "shared"]
        scene.clock.advance(20 * MINUTE)
        assert work.tick() == []
        scene.cancel()
        assert sorted(work.tick()) == ["alice", "shared"]  # of the one session that is called off
    assert installation.states() == {"sent": 5}
    assert set(conserved(installation, server).values()) == {1}
