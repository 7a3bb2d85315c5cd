"""Every route of the app against the table below: who may knock without signing in, and whose things are private.

A route that stands in no part of the table fails, so that nobody adds one without saying who it is for.
"""

import re

import pytest
from sqlalchemy import select

from facilitator.db import Base
from facilitator.materials.draft import MaterialDraft
from facilitator.materials.service import add_text
from facilitator.planning.models import Segment
from facilitator.reminders.rules import OutboxState
from tests.factories import ON_SQLITE, make_group, make_message, make_series

pytestmark = ON_SQLITE

# open to people who are not signed in, and why
PUBLIC = {
    "static": "style sheet and scripts hold nothing of anybody",
    "health.answer": "a monitor asks",
    "health.check_database": "a monitor asks",
    "reminders.report_health": "a monitor asks; figures of the whole installation",
    "reminders.show_metrics": "a monitor asks, with a token of its own",
    "accounts.sign_in": "the door",
    "accounts.check_sign_in": "the door",
    "accounts.first_run": "before there is any account; asks for the code of the terminal",
    "here.ask": "participants have no account; the words of the room are the proof",
    "here.check_in": "the words of the room are the proof",
    "here.thank": "says that it is done, and of nobody",
    "participant.leave": "the way out, without a question",
    "participant.show_session": "the link is the proof",
    "participant.read_session": "the link is the proof; changes nothing",
    "participant.go_back": "leads to the page of the link",
    "participant.say_away": "the link is the proof; adds one to a number",
    "participant.ask_pulse": "the link is the proof",
    "participant.send_pulse": "the link is the proof; adds to four numbers",
    "participant.thank_for_pulse": "the link is the proof; says that it is done, and of nobody",
    "participant.download_appointment": "the link is the proof",
    "participant.download_material": "the link is the proof",
    "participant.show_calendar": "the link is the proof",
    "participant.change_calendar": "the link is the proof",
    "today.ask_arrived": "the link in a test message is the proof; changes nothing",
    "today.note_arrived": "the link in a test message is the proof",
    "planning.show_feed": "a calendar program asks; the address is the proof",
    "participant.show_messages": "the link is the proof",
    "participant.change_messages": "the link is the proof",
    "participant.ask_confirm": "the link is the proof",
    "participant.confirm": "the link is the proof",
    "participant.ask_still": "the link is the proof",
    "participant.answer_still": "the link is the proof",
    "participant.ask_stop": "the link is the proof",
    "participant.stop_messages": "the link is the proof",
    "participant.show_erased": "says that it is done, and of nobody",
    "participant.show_kept": "says what is kept, the same to everybody",
}
# the same for everybody who is signed in, or about one's own things alone
SIGNED_IN = {
    "library.add_path",
    "library.begin_path",
    "library.build_path",
    "library.change_path",
    "library.edit_path",
    "library.save_path",
    "library.show_path",
    "library.check_import",
    "library.download_export",
    "library.show_export",
    "library.show_import",
    "library.approve_section",
    "library.ask_retirement",
    "library.decide_piece",
    "library.go_on",
    "library.add_entry",
    "library.change_use",
    "library.edit_entry",
    "library.list_entries",
    "library.save_entry",
    "library.show_entry",
    "library.show_library",
    "library.write_entry",
    "library.show_piece",
    "library.show_review",
    "library.show_section",
    "library.start_review",
    "library.take_up_later",
    "paper.download_crisis_card",
    "accounts.change_calendar",
    "accounts.change_password",
    "accounts.change_settings",
    "accounts.show_settings",
    "accounts.sign_out",
    "calendar.show_calendar",
    "curriculum.show_agendas",
    "curriculum.show_crisis_card",
    "curriculum.show_model",
    "curriculum.show_pathways",
    "curriculum.show_sub_bind",
    "groups.create_group",
    "groups.list_groups",
    "mailbox.change_mailbox",
    "mailbox.show_html",
    "mailbox.show_mailbox",
    "mailbox.show_message",
    "planning.start_series",
    "prompts.change_standing",
    "prompts.choose_session",
    "prompts.edit_prompt",
    "prompts.list_prompts",
    "prompts.review_prompt",
    "prompts.save_edit",
    "prompts.save_prompt",
    "prompts.show_prompt",
    "prompts.write_prompt",
    "reminders.change_policy",
    "reminders.pause_all",
    "reminders.show_reminders",
    "reports.download_funder",
    "reports.show_funder",
    "reports.show_organisation",
    "reports.show_reports",
    "search.search",
    "search.show_help",
    "today.change_guide",
    "today.send_test",
    "today.show_test",
    "today.show_today",
    "today.type_digits",
}
# an id in the address that belongs to a group
PRIVATE = {"group_id", "session_id", "series_id", "person_id", "segment_id", "message_id", "material_id"}
# the same word for an id that belongs to nobody's group
NOT_PRIVATE = {
    ("mailbox.show_message", "message_id"),
    ("mailbox.show_html", "message_id"),
    ("participant.download_material", "material_id"),
}


@pytest.fixture
def ids(house):
    """The ids of Alice's things, under the names that stand in the addresses."""
    first = house.plan()[0]
    with house.change() as db:
        return {
            "group_id": house.group_id,
            "session_id": first.id,
            "series_id": first.series_id,
            "person_id": house.person_id,
            "segment_id": db.scalars(select(Segment.id).where(Segment.session_id == first.id)).first(),
            "message_id": make_message(db, first, state=OutboxState.HELD).id,
            "material_id": add_text(db, first, MaterialDraft(title="A page", text="Words")).id,
            "facilitator_id": house.account(db, "bob").id,
        }


def rules(app):
    """Return every address of the app with one of its methods."""
    return [
        (rule, method) for rule in app.url_map.iter_rules() for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
    ]


def address(rule, ids):
    filled = re.sub(r"<(?:[^<>:]+:)?(\w+)>", lambda found: str(ids.get(found[1], "x")), rule.rule)
    assert "<" not in filled
    return filled


def is_private(rule):
    return any(name in PRIVATE and (rule.endpoint, name) not in NOT_PRIVATE for name in rule.arguments)


def everything(house):
    """Return every row of every table."""
    with house.read() as db:
        return {table.name: sorted(map(repr, db.execute(select(table)))) for table in Base.metadata.sorted_tables}


def test_every_route_stands_in_the_table_once(app):
    unlisted, twice = [], []
    for rule, _method in rules(app):
        places = (rule.endpoint in PUBLIC) + (rule.endpoint in SIGNED_IN) + is_private(rule)
        (unlisted if not places else twice if places > 1 else []).append(rule.endpoint)
    assert (unlisted, twice) == ([], [])
    known = {rule.endpoint for rule, _method in rules(app)}
    assert (PUBLIC.keys() | SIGNED_IN) - known == set()


def test_every_route_sends_people_who_are_not_signed_in_to_the_door_unless_it_is_public(house, ids):
    visitor, before, open_doors = house.client(None), everything(house), []
    for rule, method in rules(house.app):
        if rule.endpoint in PUBLIC:
            continue
        response = visitor.open(address(rule, ids), method=method, data={} if method == "POST" else None)
        if response.status_code != 303 or not response.location.startswith("/login"):
            open_doors.append((method, rule.rule, response.status_code))
    assert open_doors == []
    assert everything(house) == before


def test_a_public_route_does_not_send_people_to_the_door(house, ids):
    visitor = house.client(None)
    for rule, method in rules(house.app):
        if rule.endpoint in PUBLIC:
            response = visitor.open(address(rule, ids), method=method, data={} if method == "POST" else None)
            assert not (response.location or "").startswith("/login"), rule.rule


def test_every_route_with_an_id_of_a_group_is_empty_for_a_stranger(house, ids):
    charlie, before, leaks = house.client("charlie"), everything(house), []
    for rule, method in rules(house.app):
        if not is_private(rule):
            continue
        response = charlie.open(address(rule, ids), method=method, data={} if method == "POST" else None)
        if response.status_code != 404 or "Monday Circle" in response.text:
            leaks.append((method, rule.rule, response.status_code))
    assert leaks == []
    assert everything(house) == before


def test_an_id_of_ones_own_does_not_open_somebody_elses_things_below_it(house, ids):
    with house.change() as db:
        group = make_group(db, house.account(db, "charlie"), house.clock(), label="Blue Room")
        own = {"group_id": group.id, "session_id": make_series(db, group, house.clock())[1][0].id}
    charlie, before, leaks, tried = house.client("charlie"), everything(house), [], 0
    for rule, method in rules(house.app):
        if len(rule.arguments & (PRIVATE | {"facilitator_id"})) < 2:
            continue
        tried += 1
        response = charlie.open(address(rule, ids | own), method=method, data={"do": "pause"})
        if response.status_code != 404:
            leaks.append((method, rule.rule, response.status_code))
    assert tried
    assert leaks == []
    assert everything(house) == before


def test_unknown_ids_are_not_there_for_alice_either(house):
    alice, unknown = house.client("alice"), {**dict.fromkeys(PRIVATE, "nowhere"), "message_id": 4711}
    for rule, method in rules(house.app):
        if is_private(rule):
            response = alice.open(address(rule, unknown), method=method, data={} if method == "POST" else None)
            assert response.status_code == 404, rule.rule
