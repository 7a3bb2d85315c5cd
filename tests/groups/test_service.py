"""Groups: who may see which, what may be said about one, and who leads it with whom."""

from zoneinfo import ZoneInfo

import pytest

from facilitator.curriculum.rules import GroupKind
from facilitator.errors import Conflict, Invalid, NotAllowed, NotFound
from facilitator.groups import people
from facilitator.groups import service as groups
from facilitator.groups.models import GroupRole
from tests import factories


@pytest.fixture
def group(db, alice, bob, now):
    made = factories.make_group(db, alice, now)
    groups.add_co_facilitator(db, made, factories.email("Bob"))
    return made


def labels(found):
    return [group.label for group in found]


def test_who_makes_a_group_leads_it(db, alice, now):
    made = groups.create_group(db, alice, factories.make_draft(), now)
    assert groups.find_role(db, alice, made) is GroupRole.LEAD
    assert made.created_on == now.date()


def test_a_group_keeps_what_was_said_without_stray_spaces(db, alice, now):
    draft = factories.make_draft(
        label="  Thursday \t Circle ",
        place=" Old  Mill ",
        link=" https://meet.example/a?b=c ",
        language="es",
        country="IE",
    )
    made = groups.create_group(db, alice, draft, now)
    assert (made.label, made.place, made.link) == ("Thursday Circle", "Old Mill", "https://meet.example/a?b=c")
    assert (made.language, made.country, made.pace, made.precision) == ("es", "IE", "gentle", "protected")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("label", ""),
        ("label", " \t "),
        ("label", "x" * 81),
        ("label", "x" * 10_000),
        ("label", "Thursday\x00"),
        ("capacity", 3),
        ("capacity", 11),
        ("capacity", -1),
        ("capacity", 10**30),
        ("zone", "Mars/Base"),
        ("zone", ""),
        ("zone", "../etc/passwd"),
        ("minutes", 45),
        ("minutes", 0),
        ("place", "x" * 201),
        ("place", "Mill\x1b[2J"),
        ("link", "http://meet.example"),
        ("link", "javascript:alert(1)"),
        ("link", "https://"),
        ("link", "https://[bad"),
        ("link", "https://meet.example/a b"),
        ("link", "https://meet.example/" + "x" * 300),
        ("language", "xx"),
        ("country", "ATLANTIS"),
        ("country", "gb"),
        ("pace", "fast"),
        ("precision", "names"),
    ],
)
def test_what_cannot_be_used_is_refused_by_field_and_changes_nothing(db, alice, group, now, field, value):
    draft = factories.make_draft(**{field: value})
    for attempt in (lambda: groups.create_group(db, alice, draft, now), lambda: groups.change_group(db, group, draft)):
        with pytest.raises(Invalid) as refusal:
            attempt()
        assert refusal.value.field == field
    assert labels(groups.list_own(db, alice)) == ["Monday Circle"]


@pytest.mark.parametrize(("kind", "most"), [(GroupKind.CLOSED, 10), (GroupKind.OPEN, 12)])
def test_a_group_has_as_many_places_as_its_kind_can_hold(db, alice, now, kind, most):
    for capacity in (4, most):
        groups.create_group(db, alice, factories.make_draft(kind=kind, capacity=capacity), now)
    with pytest.raises(Invalid, match=f"from 4 to {most}"):
        groups.create_group(db, alice, factories.make_draft(kind=kind, capacity=most + 1), now)


def test_a_closed_group_keeps_a_place_for_everybody_on_its_list(db, group):
    people.add_participants(db, group, [factories.entry(f"P{number}") for number in range(6)])
    with pytest.raises(Invalid, match="more people on the list") as refusal:
        groups.change_group(db, group, factories.make_draft(capacity=5))
    assert refusal.value.field == "capacity"
    groups.change_group(db, group, factories.make_draft(capacity=6))
    groups.change_group(db, group, factories.make_draft(capacity=5, kind=GroupKind.OPEN))


def test_a_group_is_changed_in_every_field(db, group):
    draft = factories.make_draft(
        label="Open Circle",
        kind=GroupKind.OPEN,
        capacity=12,
        zone="Europe/Berlin",
        minutes=60,
        place="Mill",
        link="https://meet.example",
        language="es",
        country="DE",
        pace="standard",
        precision="exact",
    )
    groups.change_group(db, group, draft)
    db.expire(group)
    assert {name: getattr(group, name) for name in draft.__slots__} == {
        name: getattr(draft, name) for name in draft.__slots__
    }


def test_a_group_is_there_for_who_leads_it_and_for_nobody_else(db, alice, bob, charlie, group):
    assert groups.get_group(db, alice, group.id) is group
    assert groups.get_group(db, bob, group.id) is group
    for person, group_id in ((charlie, group.id), (alice, "nothing"), (alice, "")):
        with pytest.raises(NotFound):
            groups.get_group(db, person, group_id)


def test_the_list_of_people_is_the_leads_alone(db, alice, bob, charlie, group):
    assert groups.get_led_group(db, alice, group.id) is group
    with pytest.raises(NotAllowed):
        groups.get_led_group(db, bob, group.id)
    with pytest.raises(NotFound):
        groups.get_led_group(db, charlie, group.id)


def test_each_facilitator_lists_their_own_groups_by_label(db, alice, bob, charlie, group, now):
    for label in ("arbour Circle", "Beacon Circle"):
        factories.make_group(db, alice, now, label=label)
    factories.make_group(db, charlie, now, label="Charlie's Circle")
    assert labels(groups.list_own(db, alice)) == ["arbour Circle", "Beacon Circle", "Monday Circle"]
    assert labels(summary.group for summary in groups.list_groups(db, alice)) == labels(groups.list_own(db, alice))
    assert labels(groups.list_own(db, bob)) == ["Monday Circle"]


def test_a_summary_counts_people_and_says_what_one_is(db, alice, bob, group, now):
    people.add_participants(db, group, [factories.entry(name) for name in ("Pat", "Kim")])
    empty = factories.make_group(db, alice, now, label="Empty Circle")
    assert [(one.group, one.people, one.role) for one in groups.list_groups(db, alice)] == [
        (empty, 0, GroupRole.LEAD),
        (group, 2, GroupRole.LEAD),
    ]
    assert [(one.people, one.role) for one in groups.list_groups(db, bob)] == [(2, GroupRole.CO)]


def test_groups_are_listed_with_one_query_however_many_there_are(database, db, alice, now):
    for number in range(20):
        people.add_participants(
            db, factories.make_group(db, alice, now, label=f"Circle {number}"), [factories.entry("Pat")]
        )
    with factories.counted(database) as found:
        assert len(groups.list_groups(db, alice)) == 20
    assert found == {"SELECT": 1}


def test_the_page_of_a_group_takes_one_query_for_all_it_says_of_people(database, db, alice, bob, charlie, group, now):
    people.add_participants(db, group, [factories.entry(name) for name in ("Pat", "Kim")])
    with factories.counted(database) as found:
        details = groups.get_details(db, bob, group.id, now.date())
    assert found == {"SELECT": 1}
    assert (details.group, details.people) == (group, 2)
    assert details.leaders == ((alice, GroupRole.LEAD), (bob, GroupRole.CO))
    for person, group_id in ((charlie, group.id), (alice, "nothing")):
        with pytest.raises(NotFound):
            groups.get_details(db, person, group_id, now.date())


def test_zones_of_people_are_a_set_that_tells_nobodys_home(db, group):
    zones = ("Europe/Berlin", "Europe/Berlin", "America/New_York", None)
    people.add_participants(db, group, [factories.entry(f"P{at}", zone=zone) for at, zone in enumerate(zones)])
    assert groups.list_zones(db, group) == frozenset({ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")})
    assert groups.count_participants(db, group) == 4


def test_the_lead_stands_before_those_who_lead_with_them(db, alice, bob, charlie, group):
    groups.add_co_facilitator(db, group, " CHARLIE@example.org ")
    assert groups.list_facilitators(db, group) == [
        (alice, GroupRole.LEAD),
        (bob, GroupRole.CO),
        (charlie, GroupRole.CO),
    ]


def test_only_an_account_can_lead_with_somebody(db, group):
    with pytest.raises(Invalid, match="No account") as refusal:
        groups.add_co_facilitator(db, group, "nobody@example.org")
    assert refusal.value.field == "email"


@pytest.mark.parametrize("name", ["Alice", "Bob"])
def test_nobody_is_in_a_group_twice(db, group, name):
    with pytest.raises(Conflict, match="already"):
        groups.add_co_facilitator(db, group, factories.email(name))


def test_who_was_taken_out_sees_the_group_no_more(db, bob, group):
    groups.remove_co_facilitator(db, group, bob.id)
    with pytest.raises(NotFound):
        groups.get_group(db, bob, group.id)
    with pytest.raises(NotFound):
        groups.remove_co_facilitator(db, group, bob.id)


def test_a_group_always_keeps_its_lead(db, alice, group):
    with pytest.raises(Conflict):
        groups.remove_co_facilitator(db, group, alice.id)
    assert groups.find_role(db, alice, group) is GroupRole.LEAD


def test_a_stranger_has_no_role(db, charlie, group):
    assert groups.find_role(db, charlie, group) is None
