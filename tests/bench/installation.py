"""Installations to measure: an empty one, and one of an organisation with 500 groups."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import insert, select

from config import Config, Mode
from facilitator import migrations
from facilitator.accounts.models import EMAIL_PLACE, Facilitator, Role
from facilitator.accounts.service import create_facilitator
from facilitator.curriculum.entries import import_shipped
from facilitator.curriculum.rules import GroupKind, SessionKind
from facilitator.curriculum.service import catalogue
from facilitator.db import Database
from facilitator.groups.models import Group, GroupFacilitator, GroupRole, Participant
from facilitator.groups.sealed import seal_person
from facilitator.mail.urls import parse_mail_url
from facilitator.planning.models import Assignment, GroupSession, Outcome, Segment, Series, SessionStatus
from facilitator.prompts.importing import import_library
from facilitator.prompts.models import PromptVersion
from facilitator.reminders.models import OutboxMessage, ReminderRule
from facilitator.reminders.rules import MessageKind, OutboxState, Priority
from facilitator.tokens import new_id, token_hash
from facilitator.vault import Vault

KEY = bytes(range(32))
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
GROUPS, SESSIONS_EACH, PEOPLE_EACH, FACILITATORS = 500, 12, 10, 100
EMAIL, PASSWORD = "ana@example.org", "a quiet room"
THIS_WEEK = 6  # which of the twelve sessions is the coming one


@contextmanager
def empty() -> Iterator[tuple[Config, Database]]:
    """Give a migrated installation with the library and no people."""
    with tempfile.TemporaryDirectory() as folder:
        config = Config(
            mode=Mode.DEMO,
            data_dir=Path(folder),
            database_url=f"sqlite:///{folder}/facilitator.db",
            secret_key="bench",
            vault_key=KEY,
            base_url="http://localhost",
            mail_url=parse_mail_url("mailbox:"),
            mail_from="Notes <notes@mail.example>",
        )
        database = Database(config.database_url, Vault(KEY))
        migrations.upgrade(database)
        with database.write() as db:
            import_library(db)
            import_shipped(db)
            db.commit()
        yield config, database
        database.close()


@contextmanager
def grown(groups: int = GROUPS) -> Iterator[tuple[Config, Database, str, str]]:
    """Give an installation of so many groups, and a group and session of Ana's.

    With 500 groups it has 6,000 sessions and 5,000 participants. She leads every hundredth of them, and at least one.
    """
    with empty() as (config, database):
        with database.write() as db:
            ana = create_facilitator(
                db, name="Ana", email=EMAIL, password=PASSWORD, role=Role.ADMIN, zone="Europe/London", now=NOW
            )
            rows = _Rows(database.read().info["vault"], list(db.scalars(select(PromptVersion.id))), ana)
            for index in range(groups):
                rows.add_group(index)
            for table, values in rows.tables.items():
                for start in range(0, len(values), 5000):
                    db.execute(insert(table), values[start : start + 5000])
            db.commit()
        yield config, database, rows.group_id, rows.session_id


class _Rows:
    """Collects the rows of a grown installation, table by table."""

    def __init__(self, vault: Vault, versions: list[str], ana: Facilitator) -> None:
        self._vault, self._versions, self._ana = vault, versions, ana
        self._staff = [ana.id, *(new_id() for _ in range(FACILITATORS - 1))]
        self.group_id = self.session_id = ""
        order = (
            Facilitator,
            Group,
            GroupFacilitator,
            ReminderRule,
            Participant,
            Series,
            GroupSession,
            Segment,
            Assignment,
            OutboxMessage,
        )
        self.tables: dict[type, list[dict[str, object]]] = {table: [] for table in order}
        for account in self._staff[1:]:
            self.tables[Facilitator].append(
                {"id": account, "name": "Bo", "email_sealed": b"", "email_index": vault.blind_index(EMAIL_PLACE, account),
                 "password_hash": "", "session_token": new_id(), "role": Role.FACILITATOR, "zone": "Europe/London",
                 "language": "en", "created_on": NOW.date()}
            )  # fmt: skip

    def add_group(self, index: int) -> None:
        """Add one group with its list, its series and its messages."""
        group_id, series_id = new_id(), new_id()
        self.tables[Group].append(
            {"id": group_id, "label": f"Circle {index}", "kind": "closed", "capacity": 10, "zone": "Europe/London", "minutes": 90,
             "place": "Room 2", "link": "", "language": "en", "country": "GB", "pace": "gentle", "precision": "protected",
             "reminders_paused_at": None, "created_on": NOW.date()}
        )  # fmt: skip
        self.tables[GroupFacilitator].append(
            {"group_id": group_id, "facilitator_id": self._staff[index % FACILITATORS], "role": GroupRole.LEAD}
        )
        self.tables[ReminderRule] += [
            {"id": new_id(), "group_id": group_id, "lead_minutes": lead} for lead in (2880, 180)
        ]
        people = [self._add_person(group_id, index, at) for at in range(PEOPLE_EACH)]
        first_on = NOW.date() + timedelta(days=index % 5) - timedelta(weeks=THIS_WEEK - 1)
        self.tables[Series].append(
            {"id": series_id, "group_id": group_id, "pathway_id": "closed-12", "first_on": first_on, "start_time": time(18, 30),
             "zone": "Europe/London", "minutes": 90, "rhythm": "weekly", "skip_on": [], "seed": new_id(), "created_on": NOW.date()}
        )  # fmt: skip
        for at in range(SESSIONS_EACH):
            session_id = self._add_session(group_id, series_id, at, first_on + timedelta(weeks=at))
            self._add_messages(session_id, first_on + timedelta(weeks=at), people)
            if index == 0 and at == THIS_WEEK:
                self.group_id, self.session_id = group_id, session_id

    def _add_person(self, group_id: str, index: int, at: int) -> str:
        person_id, address = new_id(), f"p{index}-{at}@example.org"
        self.tables[Participant].append(
            {"id": person_id, "group_id": group_id, **seal_person(self._vault, person_id, f"P{at}", address), "settings_hash": token_hash(person_id),
             "link_version": 1, "wording": "vague", "state": "active", "zone": None, "quiet_from_time": time(20), "quiet_to_time": time(8), "consent_round": 1}
        )  # fmt: skip
        return person_id

    def _add_session(self, group_id: str, series_id: str, at: int, on: date) -> str:
        session_id, entry = new_id(), catalogue().pathway("closed-12").sessions[at]
        starts_at = datetime.combine(on, time(18, 30), UTC)
        self.tables[GroupSession].append(
            {"id": session_id, "group_id": group_id, "series_id": series_id, "position": at + 1, "pathway_position": at + 1,
             "focus": entry.focus, "session_kind": entry.session_kind, "title": entry.title, "participant_title": entry.participant_title,
             "depth_cap": entry.depth_cap, "on_date": on, "start_time": time(18, 30), "zone": "Europe/London", "minutes": 90,
             "starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=90), "page_hash": token_hash(session_id), "place": "Room 2",
             "link": "", "status": SessionStatus.DONE if at < THIS_WEEK - 1 else SessionStatus.SCHEDULED, "cancel_reason": "", "cycle": 0,
             "depth_limit": None, "lone": False, "newcomers": False, "attempt": 0, "looked_over": True, "plan_rev": 0, "next_note": "", "not_held": "", "time_rev": 1, "ical_sequence": 0, "link_version": 1,
             "released": False, "note_released": False}
        )  # fmt: skip
        agenda = catalogue().agenda(GroupKind.CLOSED, 90, SessionKind(entry.session_kind))
        for position, part in enumerate(agenda.segments, 1):
            segment_id = new_id()
            self.tables[Segment].append(
                {"id": segment_id, "session_id": session_id, "position": position, "kind": part.kind, "title": part.title, "minutes": part.minutes,
                 "reserved_minutes": part.reserved_minutes, "phase": part.phase or "", "purpose": part.purpose, "facilitator_note": part.facilitator_note, "own_note": ""}
            )  # fmt: skip
            if part.phase:
                version = self._versions[(len(self.tables[Assignment])) % len(self._versions)]
                self.tables[Assignment].append(
                    {"segment_id": segment_id, "session_id": session_id, "prompt_version_id": version, "exercise_id": None,
                     "reasons": [], "emptied_by": None, "locked": False, "outcome": Outcome.NOT_SAID}
                )  # fmt: skip
        return session_id

    def _add_messages(self, session_id: str, on: date, people: list[str]) -> None:
        starts_at = datetime.combine(on, time(18, 30), UTC)
        past = starts_at < NOW
        for lead in (2880, 180):
            due_at = starts_at - timedelta(minutes=lead)
            self.tables[OutboxMessage] += [
                {"uuid": new_id(), "dedup_key": f"reminder:{session_id}:1:{lead}:{person}", "session_id": session_id, "time_rev": 1,
                 "participant_id": person, "kind": MessageKind.REMINDER, "lead_minutes": lead, "session_starts_at": starts_at,
                 "details_sha": "", "priority": Priority.REMINDER, "due_at": due_at, "valid_until_at": starts_at, "next_attempt_at": due_at,
                 "planned_at": due_at, "state": OutboxState.SENT if past else OutboxState.PENDING, "reason": "", "attempts": int(past),
                 "unknowns": 0, "lease_token": 0, "sent_at": due_at if past else None, "reply": "", "enhanced": "", "rendered_sha": ""}
                for person in people
            ]  # fmt: skip
