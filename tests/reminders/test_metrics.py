"""The page for Prometheus: its form, its door, and that its figures are those of the database."""

import re
import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from facilitator.db import to_milliseconds
from facilitator.reminders.audit import audit
from facilitator.reminders.claim import free_expired
from facilitator.reminders.counts import Counts, labels
from facilitator.reminders.health import TICK_PERIODS
from facilitator.reminders.metrics import BUCKETS, COUNTERS, HISTOGRAMS, KEPT, write_page
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.policy import resolve_unknown
from tests import factories
from tests.factories import ON_SQLITE, counted
from tests.reminders.conftest import HOUR, ROOT, START
from tests.reminders.test_follow import LEASED, SENDING, UNKNOWN, pretend
from tests.reminders.test_health import tick

TOKEN = "a token of some length"
GAUGES = {"pending_due", "oldest_due_age_s", "sending_age_max_s", "held", "tick_age_s"}
ON_ENGINE = {"sqlite": {"sqlite_version", "wal_bytes"}, "postgresql": {"clock_skew_ms"}}
NAME, LABEL = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:{{((?:{LABEL})(?:,{LABEL})*)}})? (\+Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)\n")


def read(page):
    """Return every sample by name and labels, and every type; fail where the page breaks the format 0.0.4."""
    samples, types = {}, {}
    for line in page.splitlines(keepends=True):
        if line.startswith("# HELP "):
            assert len(line.split(maxsplit=3)) == 4
        elif line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            assert name not in types
            types[name] = kind
        else:
            found = SAMPLE.fullmatch(line)
            assert found, line
            name, its_labels, value = found.groups(default="")
            family = re.sub(r"_(bucket|sum|count)$", "", name) if name not in types else name
            assert next(reversed(types)) == family, line  # a metric's lines stand together, below its type
            assert (name, its_labels) not in samples
            samples[name.removeprefix("facilitator_") + (f"{{{its_labels}}}" if its_labels else "")] = float(value)
    return samples, {name.removeprefix("facilitator_"): kind for name, kind in types.items()}


def look(scene):
    with scene.database.read() as db:
        return read(write_page(db, scene.clock()))


def count(scene, *steps):
    counts = Counts()
    for step in steps:
        step(counts)
    with scene.change() as db, counts.flushed(db):
        pass


def test_every_metric_is_named_with_its_type_and_begins_with_ours(scene):
    with scene.database.read() as db:
        page = write_page(db, scene.clock())
    _, types = read(page)
    engine = scene.database.engine.dialect.name
    assert types.keys() == COUNTERS.keys() | HISTOGRAMS.keys() | KEPT.keys() | GAUGES | ON_ENGINE[engine]
    assert {types[name] for name in COUNTERS} == {"counter"}
    assert {types[name] for name in HISTOGRAMS} == {"histogram"}
    assert all(
        line.startswith(("# HELP facilitator_", "# TYPE facilitator_", "facilitator_")) for line in page.splitlines()
    )
    assert HISTOGRAMS.keys() == BUCKETS.keys()


def test_what_a_dead_worker_left_is_counted_when_it_is_freed_and_when_it_is_settled(scene):
    scene.follow()
    pretend(scene, LEASED, SENDING, lead_minutes=180)
    with scene.change() as db:
        db.execute(update(OutboxMessage).where(OutboxMessage.state == SENDING).values(lease_until_at=scene.clock()))
    counts = Counts()
    with scene.change() as db:
        freed = free_expired(db, scene.clock(), counts=counts)
        assert freed == resolve_unknown(db, scene.clock(), counts=counts) > 0
    with scene.change() as db, counts.flushed(db):
        pass
    samples, _ = look(scene)
    assert samples['outbox_transitions{from="sending",to="unknown",reason="worker_died"}'] == freed
    assert samples['outbox_transitions{from="unknown",to="pending",reason="worker_died"}'] == freed


def test_what_the_workers_counted_stands_there(scene):
    moved = labels(from_="leased", to="sending", reason='a "word"')
    count(
        scene,
        lambda counts: counts.count("outbox_transitions", moved, 3),
        lambda counts: counts.count("smtp_replies", labels(class_="5", enh="5.1.1")),
        lambda counts: counts.count("unknown_total"),
    )
    samples, _ = look(scene)
    assert samples['outbox_transitions{from="leased",to="sending",reason="a \\"word\\""}'] == 3
    assert samples['smtp_replies{class="5",enh="5.1.1"}'] == 1
    assert samples["unknown_total"] == 1


def test_a_histogram_counts_upward_from_bucket_to_bucket(scene):
    dot, mail = labels(phase="dot"), labels(phase="mail")
    count(scene, *(lambda counts, s=s: counts.observe("smtp_phase_s", s, dot) for s in (0.2, 0.2, 4, 9000)))
    count(scene, lambda counts: counts.observe("smtp_phase_s", 0.2, mail), lambda counts: counts.observe("claim_s", 2))
    samples, _ = look(scene)
    buckets = [value for name, value in samples.items() if name.startswith('smtp_phase_s_bucket{phase="dot"')]
    assert buckets == sorted(buckets)
    assert len(buckets) == len(BUCKETS["smtp_phase_s"]) + 1
    assert samples['smtp_phase_s_bucket{phase="dot",le="0.1"}'] == 0
    assert samples['smtp_phase_s_bucket{phase="dot",le="0.25"}'] == 2
    assert samples['smtp_phase_s_bucket{phase="dot",le="5"}'] == 3
    assert samples['smtp_phase_s_bucket{phase="dot",le="+Inf"}'] == samples['smtp_phase_s_count{phase="dot"}'] == 4
    assert samples['smtp_phase_s_sum{phase="dot"}'] == 9004.4
    assert (samples['smtp_phase_s_count{phase="mail"}'], samples["claim_s_count"], samples["claim_s_sum"]) == (1, 1, 2)


def test_gauges_say_what_is_so_now(scene):
    scene.add_person("bob")
    scene.add_person("dora")
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    tick(scene, "dispatch")
    rows = scene.rows(lead_minutes=48 * 60)
    pretend(scene, LEASED, SENDING, id=rows[0].id)
    pretend(scene, LEASED, SENDING, UNKNOWN, "held", id=rows[1].id)
    scene.clock.advance(timedelta(seconds=90))
    samples, _ = look(scene)
    assert {name: samples[name] for name in GAUGES - {"tick_age_s"}} == {
        "pending_due": 1, "oldest_due_age_s": 90, "sending_age_max_s": 90, "held": 1,
    }  # fmt: skip
    assert samples['tick_age_s{tick="dispatch"}'] == 90
    assert {name for name in samples if name.startswith("tick_age_s")} == {
        f'tick_age_s{{tick="{name}"}}' for name in TICK_PERIODS
    }
    assert samples['tick_age_s{tick="purge"}'] == float("inf")  # it never ran


def test_the_number_in_each_state_is_that_of_the_last_audit(scene):
    with scene.change() as db:
        audit(db, scene.clock())
    pretend(scene, LEASED, SENDING, lead_minutes=180)
    samples, _ = look(scene)
    assert {samples[f'messages{{state="{state}"}}'] for state in ("sending", "held", "ended")} == {0}
    assert samples['messages{state="pending"}'] == 2
    assert (samples["audit_missing"], samples["audit_extra"], samples["audit_lost"]) == (0, 0, 0)


def test_the_engine_says_what_only_it_knows(scene):
    samples, _ = look(scene)
    if scene.database.is_sqlite:
        assert samples[f'sqlite_version{{version="{sqlite3.sqlite_version}"}}'] == 1
        assert samples["wal_bytes"] > 0
        assert "clock_skew_ms" not in samples
        return
    with scene.database.read() as db:
        there = db.connection().exec_driver_sql("SELECT extract(epoch FROM clock_timestamp()) * 1000").scalar()
    expected = float(there) - to_milliseconds(scene.clock())
    assert abs(samples["clock_skew_ms"] - expected) < 2000


def test_nobody_and_no_group_or_session_is_named(scene):
    scene.add_person("zoe")
    scene.follow()
    with scene.change() as db:
        audit(db, scene.clock())
        page = write_page(db, scene.clock())
    names = ["zoe", "example.org", "Thursday", scene.group_id, scene.session_id, *scene.people, scene.rows()[0].uuid]
    assert not [name for name in names if name in page]


def test_the_page_takes_the_same_few_queries_whatever_there_is(scene):
    scene.follow()
    with counted(scene.database) as statements:
        look(scene)
    assert statements["SELECT"] <= 4


@pytest.fixture
def monitored(config, database, now):
    return factories.open_app(replace(config, metrics_token=TOKEN), database, factories.Clock(now)).test_client()


@ON_SQLITE
def test_who_has_the_token_reads_the_page(monitored):
    response = monitored.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    assert response.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert read(response.text)[0]["held"] == 0


@ON_SQLITE
@pytest.mark.parametrize(
    "given", [None, "", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer ä"]
)
def test_who_has_not_reads_nothing(monitored, given):
    response = monitored.get("/metrics", headers={"Authorization": given} if given is not None else None)
    assert (response.status_code, response.data) == (401, b"")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@ON_SQLITE
@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer"])
def test_without_a_token_in_the_settings_there_is_no_such_page(client, given):
    assert client.get("/metrics", headers={"Authorization": given}).status_code == 404


def test_every_figure_that_the_program_counts_is_on_the_page():
    """A name that only the worker knows would be added up for ever and shown to nobody."""
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "facilitator").rglob("*.py"))
    assert set(re.findall(r'counts\.count\(\s*"(\w+)"', sources)) <= COUNTERS.keys()
    assert set(re.findall(r'counts\.observe\(\s*"(\w+)"', sources)) <= HISTOGRAMS.keys()
