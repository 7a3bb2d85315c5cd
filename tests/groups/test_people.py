"""The mailing list: sealed on the way in, all or none, and gone without a trace when somebody is taken off."""

import threading
from datetime import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from facilitator.curriculum.rules import GroupKind
from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.groups import people
from facilitator.groups.models import ADDRESS_PLACE, ALIAS_PLACE, MailState, Participant, Wording
from facilitator.groups.people import Entry, PersonDraft
from facilitator.groups.sealed import open_person, sealer_of
from facilitator.vault import SealError, Vault, vault_of
from tests import factories
from tests.conftest import VAULT_KEY
from tests.factories import ON_SQLITE


@pytest.fixture
def group(db, alice, now):
    return factories.make_group(db, alice, now, capacity=4)


@pytest.fixture
def pat(db, group):
    [added] = people.add_participants(db, group, [factories.entry("Pat")])
    return added


def draft(**values):
    usual = {
        "alias": "Pat",
        "wording": Wording.VAGUE,
        "zone": None,
        "quiet_from_time": time(20),
        "quiet_to_time": time(8),
    }
    return PersonDraft(**{**usual, **values})


def aliases(db, group):
    return [person.alias for person in people.list_people(db, group)]


def test_an_alias_and_an_address_are_sealed_each_in_its_place(db, pat):
    sealer = sealer_of(db, pat)
    assert sealer.open(ALIAS_PLACE, pat.id, pat.alias_sealed) == "Pat"
    assert sealer.open(ADDRESS_PLACE, pat.id, pat.address_sealed) == "pat@example.org"
    assert b"pat" not in (pat.alias_sealed + pat.address_sealed).lower()


def test_each_person_has_a_key_of_their_own(db, group, pat):
    [kim] = people.add_participants(db, group, [Entry(alias="Kim", address="kim@example.org")])
    with pytest.raises(SealError):
        sealer_of(db, kim).open(ALIAS_PLACE, pat.id, pat.alias_sealed)
    with pytest.raises(SealError):  # nor does the installation's own key open it
        vault_of(db).open(ALIAS_PLACE, pat.id, pat.alias_sealed)
    pat.key_wrapped = kim.key_wrapped
    with pytest.raises(SealError):
        open_person(db, pat)


def test_a_new_person_gets_the_quiet_defaults(pat):
    assert (pat.wording, pat.state, pat.zone) == (Wording.VAGUE, MailState.ACTIVE, None)
    assert (pat.quiet_from_time, pat.quiet_to_time) == (time(20), time(8))


def test_an_address_is_kept_in_one_form(db, group):
    [added] = people.add_participants(db, group, [factories.entry("Kim", address="  KIM@Example.ORG ")])
    assert open_person(db, added).address == "kim@example.org"
    assert added.address_index == people.address_index(db, "kim@example.org")


def test_the_index_of_an_address_is_the_same_in_every_group_and_unreadable_without_the_key(db, alice, group, now, pat):
    other = factories.make_group(db, alice, now, label="Tuesday Circle")
    [again] = people.add_participants(db, other, [factories.entry("Pat")])
    assert again.address_index == pat.address_index
    foreign = Vault(bytes(32)).blind_index(ADDRESS_PLACE, "pat@example.org")
    assert pat.address_index == Vault(VAULT_KEY).blind_index(ADDRESS_PLACE, "pat@example.org") != foreign


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"alias": ""}, "alias"),
        ({"alias": "   "}, "alias"),
        ({"alias": "x" * 41}, "alias"),
        ({"alias": "Pat\x00"}, "alias"),
        ({"address": "pat"}, "address"),
        ({"address": f"p@{'.'.join(['x' * 60] * 5)}.org"}, "address"),
        ({"zone": "Mars/Base"}, "zone"),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused_and_nobody_is_added(db, group, values, field):
    with pytest.raises(Invalid) as refusal:
        people.add_participants(db, group, [factories.entry("Kim"), factories.entry("Lee", **values)])
    assert refusal.value.field == field
    assert aliases(db, group) == []


def test_an_address_that_is_on_the_list_is_refused_and_nobody_is_added(db, group, pat):
    with pytest.raises(Conflict):
        people.add_participants(db, group, [factories.entry("Kim"), factories.entry("Pat", alias="Somebody")])
    assert aliases(db, group) == ["Pat"]


def test_an_address_that_stands_twice_is_refused(db, group):
    with pytest.raises(Conflict):
        people.add_participants(db, group, [factories.entry("Kim"), factories.entry("Lee", address="Kim@example.org")])


def test_a_closed_group_has_as_many_people_as_places(db, group, pat):
    people.add_participants(db, group, [factories.entry(name) for name in ("Kim", "Lee", "Max")])
    with pytest.raises(Conflict, match="4 places and 4 people"):
        people.add_participants(db, group, [factories.entry("Noa")])


def test_an_open_group_turns_nobody_away_because_only_some_come_each_time(db, alice, now):
    group = factories.make_group(db, alice, now, kind=GroupKind.OPEN, capacity=4)
    people.add_participants(db, group, [factories.entry(f"P{number}") for number in range(9)])
    assert len(aliases(db, group)) == 9
    assert people.places_left(group, 9) is None


@pytest.mark.parametrize(("listed", "left"), [(0, 4), (3, 1), (4, 0), (6, 0)])
def test_the_places_left_never_fall_below_none(group, listed, left):
    assert people.places_left(group, listed) == left


def test_two_lists_sent_at_once_are_added_one_after_the_other(database, now):
    with database.write() as db:
        group = factories.make_group(db, factories.make_account(db, "Alice"), now, capacity=4)
        db.commit()
    answers = []

    def add(names):
        with database.write() as db:
            try:
                people.add_participants(db, db.merge(group, load=False), [factories.entry(name) for name in names])
                db.commit()
                answers.append("added")
            except Conflict:
                answers.append("refused")

    both = [threading.Thread(target=add, args=[names]) for names in (("Kim", "Lee", "Max"), ("Kim", "Noa"))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(answers) == ["added", "refused"]


def test_the_list_is_opened_by_alias(db, group):
    people.add_participants(db, group, [factories.entry(name) for name in ("kim", "Zoe", "Ada")])
    assert [(one.alias, one.address) for one in people.list_people(db, group)] == [
        ("Ada", "ada@example.org"),
        ("kim", "kim@example.org"),
        ("Zoe", "zoe@example.org"),
    ]


def test_an_opened_person_hides_from_prints(db, group, pat):
    shown = repr(people.list_people(db, group)) + repr(factories.entry("Pat")) + repr(draft())
    assert "pat" not in shown.replace("participant", "").casefold()


def test_a_person_is_called_and_written_to_as_the_lead_says(db, pat):
    people.change_person(
        db,
        pat,
        draft(alias=" Pat  B ", wording=Wording.FULL, zone="Europe/Berlin", quiet_from_time=time(21, 30)),
    )
    db.expire(pat)
    assert open_person(db, pat).alias == "Pat B"
    assert (pat.wording, pat.zone, pat.quiet_from_time) == (Wording.FULL, "Europe/Berlin", time(21, 30))
    assert open_person(db, pat).address == "pat@example.org"


@pytest.mark.parametrize(("values", "field"), [({"alias": "x" * 41}, "alias"), ({"zone": "Mars/Base"}, "zone")])
def test_a_change_that_cannot_be_used_changes_nothing(db, pat, values, field):
    with pytest.raises(Invalid) as refusal:
        people.change_person(db, pat, draft(**{"alias": "New", "wording": Wording.FULL, **values}))
    assert refusal.value.field == field
    assert (open_person(db, pat).alias, pat.wording) == ("Pat", Wording.VAGUE)


@pytest.mark.parametrize("state", list(MailState))
def test_messages_are_paused_stopped_and_resumed(db, pat, state):
    people.change_state(db, pat, state)
    db.expire(pat)
    assert pat.state == state


def test_who_is_taken_off_leaves_no_row(db, group, pat):
    people.remove_participant(db, pat)
    assert db.scalar(select(func.count()).select_from(Participant)) == 0


@ON_SQLITE
def test_the_file_holds_nothing_of_who_was_taken_off(db, database, pat):
    db.commit()
    path = Path(database.engine.url.database)
    marks = (pat.alias_sealed, pat.address_sealed, pat.address_index.encode(), pat.settings_hash.encode())
    assert present_in(path, marks) == [True] * 4
    people.remove_participant(db, pat)
    db.commit()
    database.checkpoint()
    assert present_in(path, marks) == [False] * 4


def present_in(path, marks):
    kept = path.read_bytes() + path.with_name(f"{path.name}-wal").read_bytes()
    return [mark in kept for mark in marks]


def test_a_person_of_another_group_is_not_found(db, alice, group, pat, now):
    other = factories.make_group(db, alice, now, label="Tuesday Circle")
    assert people.get_participant(db, group, pat.id) is pat
    for place, person_id in ((other, pat.id), (group, "nobody"), (group, "")):
        with pytest.raises(NotFound):
            people.get_participant(db, place, person_id)


def test_a_settings_link_finds_its_person_until_its_version_rises(db, pat):
    token = people.settings_token(db, pat)
    assert people.find_participant_by_settings_token(db, token) is pat
    assert people.find_participant_by_settings_token(db, token[:-1]) is None
    pat.link_version += 1
    assert people.settings_token(db, pat) != token


def test_the_token_of_a_link_is_not_in_the_database(db, pat):
    token = people.settings_token(db, pat)
    assert token != pat.settings_hash
    assert token not in repr(db.execute(select(Participant.__table__)).all())
