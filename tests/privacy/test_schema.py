"""Every table and column is one that somebody looked at, and none of them can say who came.

A new column fails here until it is written into `REVIEWED` by someone who asked: does it tell, with anything else that
is kept, that a person was there, opened a link, or stayed away? Each rule is shown to be able to fail on a copy of the
schema that leaks.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing

import pytest
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, String, Table, inspect

from facilitator import schema
from facilitator.db import Base, Instant

PEOPLE = {"participant", "facilitator", "group_facilitator"}
UNDATED = ("participant", "tally", "open_room", "ticket", "forecast", "pulse_count", "pulse_kept")
# messages name a person and a session while they are sent and for 30 days after; everybody on a list gets them, so
# they tell who was written to and never who came
MESSAGES = "outbox"
TELLING_NAMES = re.compile("attend|seen|last_login|arriv|visit|click|opened|check_?in|rsvp|(?:^|_)(?:present|used_at)")
NO_INSTANT = ("Date", "DateTime", "Instant", "TIMESTAMP")

REVIEWED = {
    "assignment": {
        "segment_id": "String",
        "session_id": "String",
        "prompt_version_id": "String",
        "exercise_id": "String",
        "exercise_version": "Integer",
        "reasons": "JSON",
        "emptied_by": "JSON",
        "locked": "Boolean",
        "outcome": "String",
        "actual_minutes": "Integer",
    },
    "attempt": {
        "id": "BigInteger",
        "outbox_id": "BigInteger",
        "number": "Integer",
        "outcome": "String",
        "phase": "String",
        "code": "Integer",
        "enhanced": "String",
        "text": "String",
        "owner": "String",
        "at": "Instant",
    },
    "channel": {
        "name": "String",
        "failures": "Integer",
        "open_since_at": "Instant",
        "open_until_at": "Instant",
        "reason": "String",
        "last_error": "String",
        "last_sent_at": "Instant",
    },
    "erasure_receipt": {
        "id": "String",
        "group_id": "String",
        "erased_on": "Date",
        "by_hand": "Boolean",
        "people": "Integer",
        "messages": "Integer",
        "materials": "Integer",
    },
    "facilitator": {
        "id": "String",
        "name": "String",
        "email_sealed": "LargeBinary",
        "email_index": "String",
        "password_hash": "String",
        "session_token": "String",
        "role": "String",
        "zone": "String",
        "language": "String",
        "created_on": "Date",
        "feed_version": "Integer",
        "feed_hash": "String",
        "feed_titles": "Boolean",
        "guide": "String",
        "mail_proved_on": "Date",
    },
    "counter": {
        "name": "String",
        "labels": "String",
        "value": "Float",
    },
    "forecast": {
        "session_id": "String",
        "away": "Integer",
    },
    # one row while a session runs: where in its plan it stands; the count is a number that goes with the row at close
    "live_session": {
        "session_id": "String",
        "revision": "Integer",
        "turn": "Integer",
        "segment_id": "String",
        "counted_from_at": "Instant",
        "spent_seconds": "Integer",
        "is_slowed": "Boolean",
        "is_over": "Boolean",
        "heads": "Integer",
        "extra_minutes": "JSON",
        "taken_seconds": "JSON",
        "skipped": "JSON",
        "presses": "JSON",
    },
    "group_facilitator": {
        "group_id": "String",
        "facilitator_id": "String",
        "role": "String",
    },
    "group_session": {
        "id": "String",
        "group_id": "String",
        "series_id": "String",
        "position": "Integer",
        "pathway_position": "Integer",
        "focus": "String",
        "session_kind": "String",
        "title": "String",
        "participant_title": "String",
        "depth_cap": "Integer",
        "on_date": "Date",
        "start_time": "Time",
        "zone": "String",
        "minutes": "Integer",
        "starts_at": "Instant",
        "ends_at": "Instant",
        "page_hash": "String",
        "place": "String",
        "link": "String",
        "status": "String",
        "cancel_reason": "String",
        "next_note": "String",
        "not_held": "String",
        "cycle": "Integer",
        "depth_limit": "Integer",
        "lone": "Boolean",
        "newcomers": "Boolean",
        "attempt": "Integer",
        "time_rev": "Integer",
        "ical_sequence": "Integer",
        "link_version": "Integer",
        "released": "Boolean",
        "note_released": "Boolean",
        "looked_over": "Boolean",
        "plan_rev": "Integer",
        "undoable": "JSON",
    },
    "installation_setting": {
        "name": "String",
        "value": "String",
    },
    "left_for_later": {
        "version_id": "String",
    },
    "kept_answer": {
        "key": "String",
        "facilitator_id": "String",
        "route": "String",
        "request_sha": "String",
        "status": "Integer",
        "location": "String",
        "at": "Instant",
    },
    "library_entry": {
        "id": "String",
        "kind": "String",
        "slug": "String",
        "language": "String",
        "version": "Integer",
        "content": "JSON",
        "origin": "String",
        "translation_of": "Integer",
        "owner_id": "String",
        "shared": "Boolean",
        "retired": "Boolean",
        "reviewed_by_role": "String",
        "reviewed_on": "Date",
    },
    "material": {
        "id": "String",
        "session_id": "String",
        "kind": "String",
        "title": "String",
        "audience": "String",
        "release": "String",
        "days_before": "Integer",
        "announced": "Boolean",
        "text": "Text",
        "media_type": "String",
        "content": "LargeBinary",
        "size": "Integer",
        "position": "Integer",
    },
    "open_room": {
        "session_id": "String",
        "secret": "String",
        "way": "String",
        "language": "String",
        "first_time": "Integer",
        "been_before": "Integer",
        "unsaid": "Integer",
        "wrong": "Integer",
    },
    "outbox": {
        "id": "BigInteger",
        "uuid": "String",
        "dedup_key": "String",
        "session_id": "String",
        "time_rev": "Integer",
        "participant_id": "String",
        "kind": "String",
        "lead_minutes": "Integer",
        "session_starts_at": "Instant",
        "details_sha": "String",
        "priority": "Integer",
        "due_at": "Instant",
        "valid_until_at": "Instant",
        "next_attempt_at": "Instant",
        "planned_at": "Instant",
        "state": "String",
        "reason": "String",
        "attempts": "Integer",
        "unknowns": "Integer",
        "lease_owner": "String",
        "lease_token": "Integer",
        "lease_until_at": "Instant",
        "gated_at": "Instant",
        "first_gated_at": "Instant",
        "sent_at": "Instant",
        "reply": "String",
        "enhanced": "String",
        "rendered_sha": "String",
        "asked_by": "String",
        "wording": "String",
        "returned_at": "Instant",
        "returned_code": "String",
    },
    "outbox_edge": {
        "from_state": "String",
        "to_state": "String",
    },
    "outbox_tally": {
        "id": "BigInteger",
        "planned": "BigInteger",
        "deleted": "BigInteger",
    },
    "participant": {
        "id": "String",
        "group_id": "String",
        "key_wrapped": "LargeBinary",
        "alias_sealed": "LargeBinary",
        "address_sealed": "LargeBinary",
        "address_index": "String",
        "settings_hash": "String",
        "link_version": "Integer",
        "wording": "String",
        "state": "String",
        "zone": "String",
        "quiet_from_time": "Time",
        "quiet_to_time": "Time",
        "consent_round": "Integer",
        "language": "String",
        "leads": "JSON",
        "days": "Integer",
        "waiting": "Integer",
        "feed_version": "Integer",
        "feed_hash": "String",
    },
    "prompt": {
        "id": "String",
        "owner_id": "String",
        "shared": "Boolean",
    },
    "prompt_version": {
        "id": "String",
        "prompt_id": "String",
        "version": "Integer",
        "language": "String",
        "status": "String",
        "sub_bind": "String",
        "pole": "String",
        "arenas": "JSON",
        "depth": "Integer",
        "phase": "String",
        "format": "String",
        "fallback_format": "String",
        "minutes_default": "Integer",
        "minutes_min": "Integer",
        "text": "Text",
        "content_note": "String",
        "opt_out": "Text",
        "follow_ups": "JSON",
        "facilitator_note": "Text",
        "group_types": "JSON",
        "min_people": "Integer",
        "online_ok": "Boolean",
        "tags": "JSON",
        "provenance": "String",
        "origin": "String",
        "translation_of": "Integer",
        "reviewed_by_role": "String",
        "reviewed_on": "Date",
        "search_words": "Text",
        "serial": "Integer",
    },
    "pulse_count": {
        "session_id": "String",
        "question": "String",
        "answer": "String",
        "given": "Integer",
    },
    "pulse_kept": {
        "session_id": "String",
        "question": "String",
        "sessions": "Integer",
        "answers": "String",
        "well": "Integer",
        "slow": "Integer",
        "fast": "Integer",
    },
    "reminder_rule": {
        "id": "String",
        "group_id": "String",
        "lead_minutes": "Integer",
    },
    "plan_change": {
        "session_id": "String",
        "number": "Integer",
        "facilitator_id": "String",
        "code": "String",
        "params": "JSON",
        "before": "JSON",
        "mark": "String",
        "is_undone": "Boolean",
    },
    "segment": {
        "id": "String",
        "session_id": "String",
        "position": "Integer",
        "kind": "String",
        "title": "String",
        "minutes": "Integer",
        "reserved_minutes": "Integer",
        "phase": "String",
        "purpose": "String",
        "facilitator_note": "String",
        "own_note": "String",
    },
    "series": {
        "id": "String",
        "group_id": "String",
        "pathway_id": "String",
        "pathway_version": "Integer",
        "first_on": "Date",
        "start_time": "Time",
        "zone": "String",
        "minutes": "Integer",
        "rhythm": "String",
        "skip_on": "JSON",
        "seed": "String",
        "created_on": "Date",
    },
    "returned_mail": {
        "id": "String",
        "address_index": "String",
        "code": "String",
        "at": "Instant",
    },
    "sign_in_attempts": {
        "key": "String",
        "wrong": "Integer",
        "until_at": "Instant",
    },
    "support_group": {
        "id": "String",
        "label": "String",
        "kind": "String",
        "capacity": "Integer",
        "zone": "String",
        "minutes": "Integer",
        "place": "String",
        "link": "String",
        "language": "String",
        "country": "String",
        "pace": "String",
        "precision": "String",
        "reminders_paused_at": "Instant",
        "created_on": "Date",
        "consent_round": "Integer",
        "consent_since_on": "Date",
        "aftercare": "Boolean",
    },
    "suppression": {
        "address_index": "String",
        "cause": "String",
        "until_at": "Instant",
    },
    "tally": {
        "session_id": "String",
        "headcount": "String",
        "returning_level": "String",
        "list_size": "Integer",
    },
    "ticket": {
        "words_hash": "String",
        "session_id": "String",
    },
    "tick": {
        "name": "String",
        "owner": "String",
        "epoch": "Integer",
        "started_at": "Instant",
        "finished_at": "Instant",
        "error": "String",
    },
    "worker_beat": {
        "owner": "String",
        "at": "Instant",
    },
}


def unreviewed(metadata: MetaData) -> Iterator[str]:
    """List what differs from the review."""
    present = {table.name: {c.name: type(c.type).__name__ for c in table.columns} for table in metadata.tables.values()}
    for name in present.keys() | REVIEWED.keys():
        for column, kind in present.get(name, {}).items() ^ REVIEWED.get(name, {}).items():
            yield f"{name}.{column} ({kind}) differs from what was reviewed"


def dated_rows(metadata: MetaData) -> Iterator[str]:
    """List columns that put a time on a person or a count; the order of rows would be a time as well."""
    for name in UNDATED:
        table = metadata.tables[name]
        for column in table.columns:
            if type(column.type).__name__ in NO_INSTANT or column.name.endswith(("_at", "_on")):
                yield f"{name}.{column.name} tells when"
        if table.dialect_options["sqlite"]["with_rowid"]:
            yield f"{name} keeps the order of its rows"
        if any(isinstance(key.type, Integer) for key in table.primary_key):
            yield f"{name} numbers its rows"


def ways_to_people(metadata: MetaData) -> Iterator[str]:
    """List ways by which a count could be joined to people: keys, shared columns, and tables between them."""
    tally, participant = metadata.tables["tally"], metadata.tables["participant"]
    for name in reach(metadata, "tally") & PEOPLE:
        yield f"tally leads to {name}"
    for name in {c.name for c in tally.columns} & {c.name for c in participant.columns}:
        yield f"tally and participant share {name}"
    for table in metadata.tables.values():
        near = neighbours(table) | {table.name}
        if table.name != MESSAGES and "participant" in near and near & {"tally", "group_session"}:
            yield f"{table.name} names a person and a session"


def neighbours(table: Table) -> set[str]:
    """Return the tables that a table points to, by its keys or by the names of its columns."""
    by_name = {"participant_id": "participant", "session_id": "group_session"}
    keys = {key.target_fullname.split(".")[0] for key in table.foreign_keys}
    return keys | {by_name[column.name] for column in table.columns if column.name in by_name}


def reach(metadata: MetaData, start: str) -> set[str]:
    """Return every table that can be reached from one along its keys."""
    found, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(neighbours(metadata.tables[name]))
    return found


def telling_names(metadata: MetaData) -> Iterator[str]:
    """List columns whose name speaks of somebody's presence."""
    for table in metadata.tables.values():
        yield from (f"{table.name}.{c.name} speaks of presence" for c in table.columns if TELLING_NAMES.search(c.name))


RULES = (unreviewed, dated_rows, ways_to_people, telling_names)


def findings(metadata: MetaData) -> list[str]:
    return [finding for rule in RULES for finding in rule(metadata)]


def copy_of_schema() -> MetaData:
    copied = MetaData()
    for table in Base.metadata.sorted_tables:
        table.to_metadata(copied)
    return copied


def leaky(table: str, *columns: Column) -> MetaData:
    """Return a copy of the schema with more columns in a table, or with one more table."""
    metadata = copy_of_schema()
    if table in metadata.tables:
        for column in columns:
            metadata.tables[table].append_column(column)
    else:
        Table(table, metadata, *columns)
    return metadata


def with_rowid(table: str) -> MetaData:
    metadata = copy_of_schema()
    metadata.tables[table].dialect_options["sqlite"]["with_rowid"] = True
    return metadata


def test_the_schema_is_the_one_that_was_reviewed():
    assert schema.MODELS
    assert findings(Base.metadata) == []


def test_the_copy_that_the_leaks_are_put_into_has_none_of_its_own():
    assert findings(copy_of_schema()) == []


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (leaky("participant", Column("note", String(20))), "participant.note (String) differs"),
        (leaky("participant", Column("last_login", String(20))), "participant.last_login speaks of presence"),
        (leaky("participant", Column("seen", Integer)), "participant.seen speaks of presence"),
        (leaky("participant", Column("changed_at", Instant)), "participant.changed_at tells when"),
        (leaky("participant", Column("joined", Instant)), "participant.joined tells when"),
        (leaky("tally", Column("closed_on", String(10))), "tally.closed_on tells when"),
        (leaky("tally", Column("participant_id", ForeignKey("participant.id"))), "tally leads to participant"),
        (leaky("tally", Column("participant_id", String(22))), "tally leads to participant"),
        (leaky("tally", Column("counted_by", ForeignKey("facilitator.id"))), "tally leads to facilitator"),
        (leaky("tally", Column("settings_hash", String(64))), "tally and participant share settings_hash"),
        (leaky("group_session", Column("host", ForeignKey("participant.id"))), "tally leads to participant"),
        (leaky("group_session", Column("host", ForeignKey("participant.id"))), "group_session names a person"),
        (
            leaky("seat", Column("session_id", String(22)), Column("participant_id", String(22))),
            "seat names a person and a session",
        ),
        (
            leaky("seat", Column("a", ForeignKey("tally.session_id")), Column("b", ForeignKey("participant.id"))),
            "seat names a person and a session",
        ),
        (leaky("seat", Column("attended", Integer)), "seat.attended speaks of presence"),
        (leaky("page", Column("used_at", BigInteger)), "page.used_at speaks of presence"),
        (with_rowid("participant"), "participant keeps the order of its rows"),
        (with_rowid("tally"), "tally keeps the order of its rows"),
        (leaky("tally", Column("number", Integer, primary_key=True)), "tally numbers its rows"),
    ],
    ids=str,
)
def test_a_schema_that_leaks_is_found_out(metadata, expected):
    assert any(finding.startswith(expected) for finding in findings(metadata)), findings(metadata)


def test_a_table_that_is_gone_is_found_out():
    metadata = copy_of_schema()
    metadata.remove(metadata.tables["suppression"])
    assert any("suppression.cause" in finding for finding in unreviewed(metadata))


def columns_of(names: Iterable[str], inspector) -> dict[str, set[str]]:
    return {name: {column["name"] for column in inspector.get_columns(name)} for name in names}


def test_the_database_holds_what_was_reviewed_and_nothing_more(database):
    inspector = inspect(database.engine)
    names = set(inspector.get_table_names()) - {"alembic_version"}
    assert columns_of(names, inspector) == {name: set(columns) for name, columns in REVIEWED.items()}
    assert inspector.get_view_names() == []


def test_the_file_keeps_no_order_of_people_and_counts(migrated_file):
    with closing(sqlite3.connect(f"file:{migrated_file}?mode=ro", uri=True)) as file:
        statements = dict(file.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    assert all("AUTOINCREMENT" not in statement.upper() for statement in statements.values())
    assert all(statements[name].rstrip().endswith("WITHOUT ROWID") for name in UNDATED)
