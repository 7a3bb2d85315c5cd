"""What a worker counts in memory, and how several of them add it up in the database."""

import threading

import pytest
from sqlalchemy import select

from facilitator.reminders.counts import BUCKETS, Counts, add_figures, labels, set_figures
from facilitator.reminders.models_worker import Counter


def figures(database):
    with database.read() as db:
        return {(one.name, one.labels): one.value for one in db.scalars(select(Counter))}


def flush(database, counts):
    with database.write() as db, counts.flushed(db):
        db.commit()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, ""),
        ({"tick": "plan"}, 'tick="plan"'),
        ({"from_": "leased", "to": "sending", "reason": ""}, 'from="leased",to="sending",reason=""'),
        ({"enh": 'a"b\\c\nd'}, r'enh="a\"b\\c\nd"'),
        ({"reason": "x" * 60}, f'reason="{"x" * 40}"'),
    ],
)
def test_labels_are_written_as_a_monitor_reads_them(values, expected):
    assert labels(**values) == expected


def test_the_longest_labels_fit_their_column():
    longest = labels(from_="superseded", to="suppressed", reason="x" * 60)
    assert len(longest) <= Counter.__table__.c.labels.type.length


def test_what_is_counted_is_added_to_what_stands_there(database):
    one, other = Counts(), Counts()
    one.count("held")
    one.count("held", by=2)
    one.count("gate_refused", labels(reason="paused"))
    flush(database, one)
    other.count("held", by=4)
    flush(database, other)
    assert figures(database) == {("held", ""): 7, ("gate_refused", 'reason="paused"'): 1}
    assert one.snapshot() == {}


def test_what_is_not_committed_is_kept_for_the_next_tick(database):
    counts = Counts()
    counts.count("held")

    def break_off():
        with database.write() as db, counts.flushed(db):
            counts.count("held")  # another thread goes on meanwhile
            raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        break_off()
    assert counts.snapshot() == {("held", ""): 2}
    assert figures(database) == {}
    flush(database, counts)
    assert figures(database) == {("held", ""): 2}


def test_nothing_counted_writes_nothing(database):
    flush(database, Counts())
    assert figures(database) == {}


@pytest.mark.parametrize(
    ("seconds", "bound"), [(0, "0.001"), (0.001, "0.001"), (0.0011, "0.0025"), (30, "30"), (31, "+Inf")]
)
def test_a_duration_falls_into_the_smallest_bucket_that_holds_it(seconds, bound):
    counts = Counts()
    counts.observe("claim_s", seconds)
    assert counts.snapshot() == {("claim_s_bucket", f'le="{bound}"'): 1, ("claim_s_sum", ""): seconds}


def test_a_duration_keeps_its_labels():
    counts = Counts()
    counts.observe("smtp_phase_s", 0.2, labels(phase="dot"))
    assert counts.snapshot() == {
        ("smtp_phase_s_bucket", 'phase="dot",le="0.25"'): 1,
        ("smtp_phase_s_sum", 'phase="dot"'): 0.2,
    }


def test_the_buckets_rise():
    assert all(list(bounds) == sorted(set(bounds)) for bounds in BUCKETS.values())


def test_a_figure_that_is_no_sum_is_replaced(database):
    for value in (3, 5):
        with database.write() as db:
            set_figures(db, {("audit_missing", ""): value})
            db.commit()
    assert figures(database) == {("audit_missing", ""): 5}


def test_threads_and_workers_that_count_at_the_same_time_lose_nothing_and_never_block(database):
    """Each adds the same rows in another order; taken crosswise, two of them would wait for each other."""
    names = [f"figure_{number}" for number in range(12)]

    def work(at):
        for _ in range(15):
            turned = names[at:] + names[:at]
            with database.write() as db:
                add_figures(db, {(name, ""): 1.0 for name in turned})
                db.commit()

    threads = [threading.Thread(target=work, args=[at * 3]) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert figures(database) == {(name, ""): 60 for name in names}


def test_one_worker_counts_from_all_its_threads(database):
    counts = Counts()
    threads = [threading.Thread(target=lambda: [counts.count("held") for _ in range(2000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        flush(database, counts)
    for thread in threads:
        thread.join(60)
    flush(database, counts)
    assert figures(database) == {("held", ""): 8000}
