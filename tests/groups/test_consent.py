"""Consent: who agreed, for how long it counts, and asking everybody again; places and the queue."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from facilitator.curriculum.rules import GroupKind
from facilitator.errors import Conflict, Invalid
from facilitator.groups import consent, people
from facilitator.groups.models import Group, MailState, Wording
from facilitator.groups.rules_consent import Consent, allows_day, consent_of
from tests import factories

OPENED = date(2026, 11, 2)
CHOICES = {
    "wording": Wording.PLAIN,
    "zone": "Europe/Madrid",
    "language": "es",
    "leads": [180],
    "days": 31,
    "quiet_from_time": time(19),
    "quiet_to_time": time(9),
}


@pytest.mark.parametrize(
    ("mine", "present", "days_later", "expected"),
    [
        (0, 1, 0, Consent.ASKED),
        (0, 3, 0, Consent.ASKED),
        (1, 1, 300, Consent.GIVEN),
        (1, 2, 0, Consent.GIVEN),
        (1, 2, 13, Consent.GIVEN),
        (1, 2, 14, Consent.STALE),
        (1, 3, 0, Consent.STALE),
        (3, 3, 14, Consent.GIVEN),
    ],
)
def test_the_word_of_the_round_before_counts_for_14_days(mine, present, days_later, expected):
    assert consent_of(mine, present, OPENED, OPENED + timedelta(days=days_later)) is expected


def test_a_round_without_a_day_has_no_days_of_grace():
    assert consent_of(1, 2, None, OPENED) is Consent.STALE


def test_the_days_of_a_week_are_bits_from_monday():
    monday = date(2026, 11, 23)
    assert [allows_day(0b0100001, monday + timedelta(days=at)) for at in range(7)] == [
        True, False, False, False, False, True, False,
    ]  # fmt: skip


@pytest.fixture
def group(db, alice, now):
    return factories.make_group(db, alice, now)


def test_who_confirms_is_written_to_from_then_on_as_they_chose(db, group, now):
    [pat] = people.add_participants(db, group, [factories.entry("Pat")])
    assert not consent.is_written_to(pat, group, now.date())
    consent.confirm(db, pat, **CHOICES, now=now)
    assert consent.is_written_to(pat, group, now.date())
    assert {name: getattr(pat, name) for name in CHOICES} == CHOICES


def test_the_first_who_confirms_gives_a_round_without_a_day_its_day(db, group, now):
    group.consent_since_on = None
    [pat, kim] = people.add_participants(db, group, [factories.entry("Pat"), factories.entry("Kim")])
    consent.confirm(db, pat, **CHOICES, now=now)
    consent.confirm(db, kim, **CHOICES, now=now + timedelta(days=3))
    assert group.consent_since_on == now.date()


@pytest.mark.parametrize("wrong", [{"zone": "Mars/Base"}, {"language": "xx"}, {"days": 0}, {"leads": [0]}])
def test_a_choice_that_there_is_not_confirms_nothing(db, group, now, wrong):
    [pat] = people.add_participants(db, group, [factories.entry("Pat")])
    with pytest.raises(Invalid):
        consent.confirm(db, pat, **{**CHOICES, **wrong}, now=now)
    assert pat.consent_round == 0


@pytest.mark.parametrize("state", [MailState.PAUSED, MailState.STOPPED])
def test_who_paused_or_stopped_or_waits_is_not_written_to(db, group, now, state):
    [pat, kim] = factories.add_confirmed(db, group, [factories.entry("Pat"), factories.entry("Kim")])
    pat.state, kim.waiting = state, 1
    assert not any(consent.is_written_to(person, group, now.date()) for person in (pat, kim))


def test_a_round_asks_again_and_counts_who_has_to_answer(db, group, now):
    [pat, kim] = factories.add_confirmed(db, group, [factories.entry("Pat"), factories.entry("Kim")])
    people.add_participants(db, group, [factories.entry("Lee")])
    consent.ask_again(db, group, now.date())
    consent.reaffirm(db, pat)
    people.add_participants(db, group, [factories.entry("Max")])[0].state = MailState.STOPPED
    for days, counts in ((0, (1, 0)), (14, (1, 1))):
        unsaid = consent.count_unsaid(now.date() + timedelta(days=days))
        assert tuple(db.execute(select(*unsaid).select_from(Group)).one()) == counts
    assert not consent.is_written_to(kim, group, now.date() + timedelta(days=14))


def test_an_open_group_lets_people_wait_and_admits_the_first(db, alice, now):
    group = factories.make_group(db, alice, now, kind=GroupKind.OPEN, capacity=4)
    group.capacity = 2
    db.flush()
    names = ("Pat", "Kim", "Lee", "Max")
    added = people.add_participants(db, group, [factories.entry(name) for name in names])
    assert [person.waiting for person in added] == [0, 0, 1, 2]
    assert people.admit_next(db, group) is None
    people.remove_participant(db, added[0])
    assert people.admit_next(db, group) is added[2]
    assert [added[2].waiting, added[3].waiting] == [0, 2]


def test_who_waits_already_goes_before_who_is_added_when_a_place_came_free(db, alice, now):
    group = factories.make_group(db, alice, now, kind=GroupKind.OPEN, capacity=4)
    group.capacity = 2
    db.flush()
    pat = people.add_participants(db, group, [factories.entry(name) for name in ("Pat", "Kim", "Lee")])[0]
    people.remove_participant(db, pat)
    assert people.add_participants(db, group, [factories.entry("Noa")])[0].waiting == 2


def test_a_person_moves_with_their_consent_and_their_old_link_ends(db, alice, group, now):
    other = factories.make_group(db, alice, now, label="Other Circle")
    other.consent_round = 4
    [pat] = factories.add_confirmed(db, group, [factories.entry("Pat")])
    consent.confirm(db, pat, **CHOICES, now=now)
    token = people.settings_token(db, pat)
    moved = people.move_participant(db, pat, other)
    assert {name: getattr(moved, name) for name in CHOICES} == CHOICES
    assert consent.is_written_to(moved, other, now.date())
    assert people.find_participant_by_settings_token(db, token) is None
    with pytest.raises(Conflict):
        people.move_participant(db, moved, other)


def test_who_never_confirmed_is_asked_in_the_other_group_too(db, alice, group, now):
    other = factories.make_group(db, alice, now, label="Other Circle")
    [pat] = people.add_participants(db, group, [factories.entry("Pat")])
    assert people.move_participant(db, pat, other).consent_round == 0


def test_a_new_link_ends_the_one_before(db, group):
    [pat] = people.add_participants(db, group, [factories.entry("Pat")])
    before = people.settings_token(db, pat)
    token = people.renew_settings_link(db, pat)
    assert people.find_participant_by_settings_token(db, before) is None
    assert people.find_participant_by_settings_token(db, token) is pat
