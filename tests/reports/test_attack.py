"""T16: whoever holds every report and every file, for all dates and of all days, learns of whole blocks alone.

The attack reads what the web hands out. It is run against the program and against twins of it that leak.
"""

import csv
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from facilitator.accounts.models import Role
from facilitator.attendance.models import PulseKept, Tally
from facilitator.planning.models import GroupSession
from facilitator.reports import published, rules_published
from facilitator.reports.rules_suppression import Block, correctable_until
from tests.factories import ON_SQLITE, Clock, open_app
from tests.planning import stage
from tests.reports.attack import Knowledge, learn_blocks
from tests.reports.organisation import CANCELLED, NOT_HELD, write_pulse, write_series

pytestmark = ON_SQLITE
MONDAY = date(2026, 1, 5)
FAR_LATER = datetime(2027, 6, 1, tzinfo=UTC)
# two exports a session apart, several times over, and one when everything is over
DAYS = [datetime(2026, 3, 20, tzinfo=UTC) + timedelta(weeks=week) for week in (0, 1, 2, 6, 7)] + [FAR_LATER]
PERIODS = (
    {},
    {"period": "quarter"},
    {"period": "last_quarter"},
    {"period": "year"},
    {"from_on": "2026-02-10"},
    {"from_on": "2026-02-03", "until_on": "2026-03-09"},
    {"from_on": "2026-02-03", "until_on": "2026-03-16"},
)
NORTH = ["7+", "6", "5", "7+", CANCELLED, "6", "few", "5", "6"]
NORTH_LATER = ["5", "6", NOT_HELD, "7+", "4", "3", "6", "", "5", "7+", "6"]
SOUTH = ["9+", "8", "7", "8", "6", "9+", "5", "8", "7", "6", "8", "9+", "7", "4"]
EAST = ["few", "few", "3", "few", "few", "4", "few", "3", "4", "few", "3", "5"]
GUARDED = ["few", "half", "most", "most", "few", "half", "few"]


@pytest.fixture
def world(config, database, now):
    return World(config, database, now)


class World:
    """A generated organisation, and everything that it hands out."""

    def __init__(self, config, database, now):
        self.database, self.clock = database, Clock(now)
        self.app = open_app(config, database, self.clock)
        self.series, self.groups, self.answered = {}, {}, []
        with database.write() as db:
            alice, ada, bob = (stage.make_facilitator(db, name) for name in ("Alice", "Ada", "Bob"))
            ada.role = Role.ADMIN
            self.tokens = {"alice": alice.session_token, "ada": ada.session_token}
            for label, leader, places, runs in (
                ("North", alice, 8, [(NORTH, {}), (NORTH_LATER, {"first_on": date(2026, 3, 16)})]),
                ("South", alice, 10, [(SOUTH, {"closing": False, "minutes": [60, 90, 75] * 4 + [90, 60]})]),
                ("East", alice, 6, [(EAST, {})]),
                ("West", alice, 4, [(["held"] * 7, {})]),
                ("Guarded", alice, 8, [(GUARDED, {})]),
                ("Elsewhere", bob, 8, [(["6"] * 5 + ["7+", "5"], {})]),
            ):
                group = stage.make_group(db, leader, label=label, capacity=places)
                for codes, values in runs:
                    first_on = values.get("first_on", MONDAY)
                    rest = {name: value for name, value in values.items() if name != "first_on"}
                    sessions = write_series(db, group, first_on, codes, levels=["most", None] * 4, **rest)
                    self._remember(group, leader is alice, sessions, codes)
                self.answered.append([sessions[at].id for at in (0, 3, 4, 6)])
                for session_id in self.answered[-1]:
                    write_pulse(db, db.get(GroupSession, session_id), "steady", "7")
            db.commit()

    def _remember(self, group, is_open, sessions, codes):
        self.groups.setdefault((group.id, is_open), []).append(sessions[0].series_id)
        has_number = [code == "few" or code[:1].isdigit() for code in codes]
        self.series[sessions[0].series_id] = {
            "group": group.id,
            "is_open": is_open,
            "days": [session.on_date for session in sessions],
            "counted": [(s.on_date, s.id) for s, known in zip(sessions, has_number, strict=True) if known],
        }

    def get(self, who, path, at, **asked):
        self.clock.at = at
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = self.tokens[who], True
        response = client.get(path, query_string=asked)
        assert response.status_code == 200
        # the frame around a page carries the token of the form that signs out
        return response.data.split(b"<main")[-1].split(b"</main>")[0]

    def sums(self, who, at, **asked):
        """Return person-attendances and from how many sessions they come, as the file says."""
        text = self.get(who, "/reports/funder.csv", at, **asked).decode("utf-8-sig")
        row = next(row for row in csv.DictReader(text.splitlines()) if row["Measure"] == "Person-attendances")
        return int(row["Number"] or 0), int(row["From sessions"] or 0)

    def everything(self):
        """Return every kind of page and file for each scope, on three days."""
        scopes = [("alice", {}), ("ada", {})]
        scopes += [("alice", {"group": group_id}) for group_id, is_open in self.groups if is_open]
        scopes += [("alice", {"group": s["group"], "series": key}) for key, s in self.series.items() if s["is_open"]]
        for at in (DAYS[1], DAYS[3], FAR_LATER):
            for who, scope in scopes:
                yield self.get(who, "/reports/funder.csv", at, **scope, period="last_quarter")
                yield self.get(who, "/reports/funder", at, **scope)
            yield from (self.get(who, "/reports/organisation", at) for who in self.tokens)

    def blocks(self, at):
        """Return, for each series, which sessions its sums step by: (day of the last, sessions)."""
        found = {}
        for series_id, series in self.series.items():
            if series["is_open"]:
                asked = {"group": series["group"], "series": series_id}
                seen = {day: self.sums("alice", at, **asked, until_on=day)[1] for day in series["days"]}
                found[series_id] = learn_blocks(series["counted"], seen)
        return found

    def attack(self, days=DAYS):
        """Return what the holder of every file of these days works out."""
        knowledge = Knowledge()
        for at in days:
            blocks = self.blocks(at)
            for asked in PERIODS:
                days = period_of(asked, at)
                whole = Counter()
                for series_id, found in blocks.items():
                    inside = frozenset(s for day, sessions in found if days[0] <= day <= days[1] for s in sessions)
                    scope = {"group": self.series[series_id]["group"], "series": series_id}
                    whole[scope["group"]] = (whole[scope["group"]] or frozenset()) | inside
                    self._take(knowledge, inside, self.sums("alice", at, **scope, **asked))
                for group_id, inside in whole.items():
                    self._take(knowledge, inside, self.sums("alice", at, group=group_id, **asked))
                mine = frozenset().union(*whole.values())
                self._take(knowledge, mine, self.sums("alice", at, **asked))
            # what the whole organisation has beyond Alice's groups is Bob's: a sum that grows in time
            (every, number), (people, own) = self.sums("ada", at), self.sums("alice", at)
            self._take(knowledge, frozenset(f"bob {n}" for n in range(number - own)), (every - people, number - own))
        return knowledge.solve()

    @staticmethod
    def _take(knowledge, sessions, said):
        people, number = said
        assert len(sessions) == number
        if number:
            knowledge.add(sessions, people)


def period_of(asked, at):
    first_of_quarter = date(at.year, (at.month - 1) // 3 * 3 + 1, 1)
    match asked.get("period"):
        case "quarter":
            return first_of_quarter, (first_of_quarter + timedelta(days=95)).replace(day=1) - timedelta(days=1)
        case "last_quarter":
            last = first_of_quarter - timedelta(days=1)
            return date(last.year, (last.month - 1) // 3 * 3 + 1, 1), last
        case "year":
            return date(at.year, 1, 1), date(at.year, 12, 31)
    return (
        date.fromisoformat(asked.get("from_on", "0001-01-01")),
        date.fromisoformat(asked.get("until_on", "9999-12-31")),
    )


def test_every_file_of_every_day_together_tells_of_whole_blocks_alone(world):
    assert world.attack() == set()


def each_session(series, now):
    return [
        Block(sittings=(each,)) for each in series if each.people is not None and correctable_until(each.ends_at) <= now
    ]


def at_once(series, now):
    """Twin: nothing waits, and what is left at the end joins the newest block, which was out already."""
    known = sorted(each_session(series, now), key=lambda block: block.on_date)
    whole = [Block(sittings=tuple(s for b in known[at : at + 3] for s in b.sittings)) for at in range(0, len(known), 3)]
    *before, last = whole or [Block(sittings=())]
    return (
        [*before[:-1], Block(sittings=before[-1].sittings + last.sittings)] if before and last.sessions < 3 else whole
    )


def small_blocks(series, now):
    """Twin: three sessions are enough, however few came."""
    known = sorted(each_session(series, now), key=lambda block: block.on_date)
    return [
        Block(sittings=tuple(s for b in known[at : at + 3] for s in b.sittings)) for at in range(0, len(known) - 5, 3)
    ]


@pytest.mark.parametrize(
    ("leaky", "finding"),
    [
        (each_session, "a session of 1 lies between 7 and 7"),
        (at_once, "the sum of 2 sessions is 11"),
        (small_blocks, "a session of 3 lies between 0 and 3"),
    ],
)
def test_a_twin_with_free_periods_or_looser_blocks_is_caught(world, monkeypatch, leaky, finding):
    monkeypatch.setattr(published, "list_blocks", leaky)
    assert finding in world.attack(DAYS[1:3])


def spread(values, turn, is_last):
    """Return the same sum over a block, spread as differently as the rule for blocks lets it be."""
    total, size = sum(values), len(values)
    turn %= size
    if size == 3 or is_last:
        return [total if at == turn else 0 for at in range(size)]
    # it went on past three sessions, so that all but the last together were five at most
    found = [0] * size
    found[turn] = 5
    found[-1] = total if turn == size - 1 else total - 5
    return found


def change_world(world, blocks_of_series, turn):
    """Let other numbers of people have come to the sessions of every block; return them by session."""
    values = {}
    with world.database.write() as db:
        for blocks in blocks_of_series.values():
            for number, (_day, ids) in enumerate(blocks, start=1):
                was = [db.get(Tally, session_id).headcount for session_id in ids]
                known = [0 if code == "few" else int(code.rstrip("+")) for code in was]
                values |= dict(zip(ids, spread(known, turn, number == len(blocks)), strict=True))
        for session_id, value in values.items():
            db.get(Tally, session_id).headcount = str(value) if value else "few"
        for ids in world.answered:  # seven answers to each pulse: 13 to one and 5 to the others is the same block
            for at, session_id in enumerate(ids):
                given = values[f"answers {session_id}"] = 13 if at == turn % len(ids) else 5
                db.get(PulseKept, (session_id, "steady")).answers = str(given)
        db.commit()
    return values


def test_for_each_session_in_a_sum_nobody_and_five_people_give_the_same_bytes_everywhere(world):
    before, blocks, seen = list(world.everything()), world.blocks(FAR_LATER), []
    assert any(b"of at least 28 answers" in page for page in before)
    for turn in range(6):
        seen.append(change_world(world, blocks, turn))
        assert list(world.everything()) == before
    widths = {session_id: [values[session_id] for values in seen] for session_id in seen[0]}
    assert len(widths) > 30
    assert min(max(values) - min(values) for values in widths.values()) >= 5


def exact_hours(series_id, block, facts):
    """Twin: hours by the length of each session."""
    share = rules_published.make_share(series_id, block, facts)
    minutes = sum((each.people or 0) * facts[each.session_id].minutes for each in block.sittings)
    return replace(share, minutes=minutes * share.sessions / share.people)


def people_by_focus(series_id, block, facts):
    """Twin: the mean of a focus is that of its own sessions."""
    share = rules_published.make_share(series_id, block, facts)
    people = Counter()
    for each in block.sittings:
        people[facts[each.session_id].focus] += each.people or 0
    return replace(share, focuses=people)


@pytest.mark.parametrize("leaky", [exact_hours, people_by_focus])
def test_a_twin_whose_hours_or_focuses_look_into_a_block_is_caught(world, monkeypatch, leaky):
    monkeypatch.setattr(published, "make_share", leaky)
    before = list(world.everything())
    change_world(world, world.blocks(FAR_LATER), 1)
    assert any(after != was for after, was in zip(world.everything(), before, strict=True))
