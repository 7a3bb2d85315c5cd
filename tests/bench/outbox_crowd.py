"""Groups, people and sessions in bulk, with the messages that the planner itself plans for them.

People have no quiet hours, so that a benchmark says the same by day and by night. On both engines.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import delete, insert, select, text

from facilitator import migrations
from facilitator.db import Base, Database, to_milliseconds
from facilitator.groups.models import Group, Participant
from facilitator.groups.sealed import seal_person
from facilitator.planning.models import GroupSession, Series
from facilitator.reminders.follow import Followed, follow, look, values_of, wanted
from facilitator.reminders.models import OutboxMessage, ReminderRule
from facilitator.tokens import new_id, token_hash
from facilitator.vault import Vault
from tests import postgres

KEY = bytes(range(32))
ZONE = "Europe/London"
MINUTES = 90
MIDNIGHT = time(0)
PEOPLE_EACH = 10
CHUNK = 2000  # rows in one statement
MINUTE = timedelta(minutes=1)
LEADS = (timedelta(hours=48), timedelta(hours=3))
FILL = """
INSERT INTO outbox (uuid, dedup_key, session_id, time_rev, participant_id, kind, lead_minutes, session_starts_at,
  details_sha, priority, due_at, valid_until_at, next_attempt_at, planned_at, state, reason, attempts, unknowns,
  lease_token, sent_at, reply, enhanced, rendered_sha, returned_code)
SELECT 'm' || n, 'reminder:' || session_id || ':1:' || lead || ':' || person_id, session_id, 1, person_id, 'reminder',
  lead, starts_at, '', 2, starts_at - lead * 60000, starts_at - 600000, starts_at - lead * 60000, :planned_at,
  CASE WHEN starts_at - lead * 60000 > :now THEN 'pending' WHEN n % 500 = 0 THEN 'failed' WHEN n % 5000 = 1 THEN 'held'
       ELSE 'sent' END, '', 0, 0, 0, CASE WHEN starts_at - lead * 60000 > :now THEN NULL ELSE starts_at - lead * 60000 END,
  '', '', '', ''
FROM (SELECT row_number() OVER () AS n, s.id AS session_id, s.starts_at AS starts_at, p.id AS person_id, l.lead AS lead
      FROM group_session s JOIN participant p ON p.group_id = s.group_id
      CROSS JOIN (SELECT 2880 AS lead UNION ALL SELECT 180) l) AS every
"""


@contextmanager
def engines(*names: str) -> Iterator[dict[str, Database]]:
    """Give an empty migrated database on each engine, durable on both; PostgreSQL is left out where it is missing."""
    with ExitStack() as stack:
        opened = {}
        if "sqlite" in names:
            folder = stack.enter_context(TemporaryDirectory(prefix="facilitator-bench-"))
            opened["sqlite"] = Database(f"sqlite:///{Path(folder) / 'facilitator.db'}", Vault(KEY))
            migrations.upgrade(opened["sqlite"])
        binaries = postgres.find_binaries()
        if "postgresql" in names and binaries is not None:
            server = stack.enter_context(postgres.running(binaries, postgres.DURABLE))
            opened["postgresql"] = Database(stack.enter_context(server.fresh()), Vault(KEY))
        for database in opened.values():
            stack.callback(database.close)
        yield opened


def add_groups(database: Database, count: int, leads: Sequence[timedelta]) -> list[str]:
    """Add groups of ten people, reminded so long before their sessions; return the ids of the groups."""
    vault = database.read().info["vault"]
    rows: dict[type[Base], list[dict[str, object]]] = {Group: [], ReminderRule: [], Series: [], Participant: []}
    for _ in range(count):
        group = _group()
        rows[Group].append(group)
        rows[Series].append(_series(group["id"]))
        rows[ReminderRule] += [
            {"id": new_id(), "group_id": group["id"], "lead_minutes": lead // MINUTE} for lead in leads
        ]
        rows[Participant] += [_person(vault, group["id"]) for _ in range(PEOPLE_EACH)]
    _fill(database, rows)
    return [str(group["id"]) for group in rows[Group]]


def add_sessions(database: Database, starts: Sequence[datetime]) -> list[str]:
    """Add one session for each start, dealt to the groups in turn; return their ids."""
    with database.read() as db:
        series = db.execute(select(Series.id, Series.group_id).order_by(Series.id)).all()
    rows = [_session(*series[at % len(series)], at // len(series) + 1, start) for at, start in enumerate(starts)]
    _fill(database, {GroupSession: rows})
    return [str(row["id"]) for row in rows]


def plan_messages(database: Database, session_ids: Sequence[str], now: datetime) -> int:
    """Write the messages that the planner wants for these sessions, many at once; return how many there are.

    The planner itself writes them session by session, as they change; here it agrees in the end.
    """
    by_group: dict[str, list[GroupSession]] = defaultdict(list)
    with database.write() as db:
        chosen = set(session_ids)
        sessions = [session for session in db.scalars(select(GroupSession)) if session.id in chosen]
        for session in sessions:
            by_group[session.group_id].append(session)
        rows = [
            values_of(session, occasion, occasion.dedup_key, now)
            for group_id, members in by_group.items()
            for scene in [look(db, group_id, members, now)]
            for session in members
            for occasion in itertools.chain(*wanted(scene, session, now))
        ]
        for at in range(0, len(rows), CHUNK):
            db.execute(insert(OutboxMessage.__table__), rows[at : at + CHUNK])
        if follow(db, [sessions[0], sessions[-1]], now) != Followed():
            raise RuntimeError("The planner wants other messages than were written.")
        db.commit()
    return len(rows)


def clear_messages(database: Database) -> None:
    """Delete every message and its attempts."""
    with database.write() as db:
        db.execute(delete(OutboxMessage))
        db.commit()
    database.checkpoint()


def analyse(database: Database) -> None:
    """Let the engine count, as its own housekeeping does in the course of a day."""
    with database.write() as db:
        db.execute(text("ANALYZE"))
        db.commit()


def fill_outbox(database: Database, groups: int, weeks: int, now: datetime) -> int:
    """Give groups weekly sessions, nine in ten of them past, and two messages to each person for each; return how many.

    One statement writes them all, because the planner would take an hour for a million.
    """
    add_groups(database, groups, LEADS)
    # spread over the week, and none so that a message is due within the next hour
    first = now - timedelta(weeks=weeks * 9 // 10) + timedelta(hours=6)
    apart = timedelta(days=2) / groups
    add_sessions(
        database, [first + timedelta(weeks=week) + apart * at for week in range(weeks) for at in range(groups)]
    )
    with database.write() as db:
        count = db.execute(text(FILL), {"now": to_milliseconds(now), "planned_at": to_milliseconds(first)}).rowcount
        db.commit()
    analyse(database)
    return count


def _fill(database: Database, tables: dict[type[Base], list[dict[str, object]]]) -> None:
    with database.write() as db:
        for table, rows in tables.items():
            for at in range(0, len(rows), CHUNK):
                db.execute(insert(table), rows[at : at + CHUNK])
        db.commit()


def _group() -> dict[str, object]:
    return {
        "id": new_id(), "label": "Circle", "kind": "closed", "capacity": PEOPLE_EACH, "zone": ZONE, "minutes": MINUTES,
        "place": "Room 2", "link": "", "language": "en", "country": "GB", "pace": "gentle", "precision": "protected",
        "reminders_paused_at": None, "created_on": None,
    }  # fmt: skip


def _series(group_id: object) -> dict[str, object]:
    return {
        "id": new_id(), "group_id": group_id, "pathway_id": "closed-12", "first_on": date(2026, 1, 5),
        "start_time": time(18, 30), "zone": ZONE, "minutes": MINUTES, "rhythm": "weekly", "skip_on": [],
        "seed": new_id(), "created_on": None,
    }  # fmt: skip


def _person(vault: Vault, group_id: object) -> dict[str, object]:
    person_id = new_id()
    address = f"{person_id.lower().strip('-_')}@example.org"
    return {
        "id": person_id, "group_id": group_id, **seal_person(vault, person_id, "P", address), "settings_hash": token_hash(person_id),
        "link_version": 1, "wording": "vague", "state": "active", "zone": None,
        "quiet_from_time": MIDNIGHT, "quiet_to_time": MIDNIGHT, "consent_round": 1,
    }  # fmt: skip


def _session(series_id: str, group_id: str, position: int, starts_at: datetime) -> dict[str, object]:
    session_id = new_id()
    return {
        "id": session_id, "group_id": group_id, "series_id": series_id, "position": position,
        "pathway_position": position, "focus": "open", "session_kind": "themed", "title": "Session",
        "participant_title": "Session", "depth_cap": 2, "on_date": starts_at.date(), "start_time": starts_at.time(),
        "zone": ZONE, "minutes": MINUTES, "starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=MINUTES),
        "page_hash": token_hash(session_id), "place": "Room 2", "link": "", "status": "scheduled", "cancel_reason": "",
        "cycle": 0, "depth_limit": None, "lone": False, "newcomers": False, "attempt": 0, "time_rev": 1,
        "ical_sequence": 0, "link_version": 1, "released": False, "note_released": False,
    }  # fmt: skip
