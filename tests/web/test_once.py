"""A press that arrives twice does its work once: by a key in the header, and by the hidden field of a form."""

import io
import re
import time
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import redirect
from sqlalchemy import func, select

from facilitator.accounts import service as accounts
from facilitator.accounts.models import KeptAnswer
from facilitator.groups.models import Group, Participant
from facilitator.reminders.models import OutboxMessage
from facilitator.web import once
from facilitator.web.request import db
from tests.factories import ON_SQLITE, make_message
from tests.groups.test_pages import DRAFT

KEY = {"Idempotency-Key": "4d1c-9b"}
NEW = "/groups/new"


def count(house, model):
    with house.read() as db:
        return db.scalar(select(func.count()).select_from(model))


def answer(response):
    return response.status_code, response.location


def post(house, path, data, who="alice", **headers):
    return house.client(who).post(path, data=data, headers=headers or None)


def at_once(house, number, press):
    """Let so many browsers press in the same moment; return what each was answered."""
    clients, found, start = [house.client() for _ in range(number)], [], Barrier(number)

    def go(client):
        start.wait()
        found.append(answer(press(client)))

    threads = [Thread(target=go, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == number
    return found


def hidden(page):
    return re.search(r'name="once" value="([\w-]{22})"', page)[1]


@pytest.mark.parametrize("by", ["header", "field"])
def test_twenty_presses_at_the_same_time_make_one_group_and_have_one_answer(house, by):
    headers, field = (KEY, {}) if by == "header" else ({}, {"once": "x" * 22})
    before = count(house, Group)
    found = at_once(house, 20, lambda client: client.post(NEW, data={**DRAFT, **field}, headers=headers))
    assert len(set(found)) == 1
    assert found[0][0] == 303
    assert found[0][1].startswith("/groups/")
    assert count(house, Group) == before + 1


def test_twenty_cancellations_at_the_same_time_write_one_notice(house):
    first = house.plan()[0]
    with house.change() as db:
        make_message(db, first, participant_id=house.person_id, state="sent", details_sha="told")
    found = at_once(house, 20, lambda client: client.post(f"/sessions/{first.id}/cancel", data={}, headers=KEY))
    assert len(set(found)) == 1
    assert found[0][0] == 303
    with house.read() as db:
        assert db.scalars(select(OutboxMessage.kind).where(OutboxMessage.kind == "cancelled")).all() == ["cancelled"]


def test_the_second_press_waits_for_the_first_and_gets_its_answer(house):
    done = []

    def work():
        db().scalar(select(1))
        time.sleep(0.4)
        done.append(1)
        db().commit()
        return redirect("/groups?done", 303)

    house.app.add_url_rule("/slow", view_func=work, methods=["POST"])
    assert set(at_once(house, 5, lambda client: client.post("/slow", headers=KEY))) == {(303, "/groups?done")}
    assert done == [1]


@ON_SQLITE
def test_the_same_key_answers_again_for_a_day(house):
    first = answer(post(house, NEW, DRAFT, **KEY))
    house.clock.advance(hours=23)
    assert answer(post(house, NEW, DRAFT, **KEY)) == first
    with house.change() as db:
        assert accounts.erase_answers(db, house.clock()) == 0
        assert accounts.erase_answers(db, house.clock() + timedelta(hours=2)) == 1
    assert answer(post(house, NEW, DRAFT, **KEY)) != first


@ON_SQLITE
@pytest.mark.parametrize(
    ("path", "data"), [(NEW, {**DRAFT, "label": "Other"}), (NEW + "?x=1", DRAFT), ("people", DRAFT)]
)
def test_the_same_key_for_another_body_or_address_is_refused_and_does_nothing(house, path, data):
    post(house, NEW, DRAFT, **KEY)
    groups = count(house, Group)
    refused = post(house, house.at("/people") if path == "people" else path, data, **KEY)
    assert refused.status_code == 422
    assert "This key was used for another request." in refused.text
    assert (count(house, Group), count(house, KeptAnswer)) == (groups, 1)


@ON_SQLITE
def test_two_facilitators_may_choose_the_same_key(house):
    assert post(house, NEW, DRAFT, **KEY).location != post(house, NEW, DRAFT, who="bob", **KEY).location
    assert count(house, KeptAnswer) == 2


@ON_SQLITE
@pytest.mark.parametrize("key", ["", "x" * 65, "ä", "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(house, key):
    groups = count(house, Group)
    assert post(house, NEW, DRAFT, **{"Idempotency-Key": key}).status_code == 422
    assert count(house, Group) == groups


@ON_SQLITE
def test_a_request_that_is_refused_leaves_no_key_behind(house):
    assert post(house, NEW, {**DRAFT, "label": ""}, **KEY).status_code == 422
    assert post(house, "/groups/nowhere/people", {}, **KEY).status_code == 404
    assert count(house, KeptAnswer) == 0
    assert post(house, NEW, DRAFT, **KEY).status_code == 303


def breaking(*, commits):
    def work():
        db().scalar(select(1))
        if commits:
            db().commit()
        raise RuntimeError("an accident")

    return work


@ON_SQLITE
@pytest.mark.parametrize("commits", [False, True])
def test_a_request_that_breaks_may_be_sent_again_unless_its_work_was_done(house, commits, monkeypatch):
    house.app.add_url_rule("/breaks", view_func=breaking(commits=commits), methods=["POST"])
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(once, "PATIENCE_S", 0.2)
    assert post(house, "/breaks", {}, **KEY).status_code == 500
    assert count(house, KeptAnswer) == commits
    again = post(house, "/breaks", {}, **KEY)
    assert again.status_code == (409 if commits else 500)
    assert ("not finished" in again.text) == commits


def test_one_that_takes_too_long_is_not_waited_for_without_end(house, monkeypatch):
    monkeypatch.setattr(once, "PATIENCE_S", 0.3)
    if house.database.is_sqlite:
        return  # one writer at a time: the second waits for the file before it sees any key
    with house.database.write() as first:
        alice = house.account(first, "alice")
        first.add(
            KeptAnswer(key=KEY["Idempotency-Key"], facilitator_id=alice.id, route="", request_sha="", at=house.clock())
        )
        first.flush()
        busy = post(house, NEW, DRAFT, **KEY)
    assert busy.status_code == 409
    assert "not finished" in busy.text
    assert post(house, NEW, DRAFT, **KEY).status_code == 303


@ON_SQLITE
def test_a_form_that_is_sent_twice_is_done_once_and_says_so(house):
    alice, groups = house.client(), count(house, Group)
    draft = {**DRAFT, "once": hidden(alice.get(NEW).text)}
    first, second = alice.post(NEW, data=draft), alice.post(NEW, data={**draft, "csrf_token": "another"})
    assert answer(first) == answer(second)
    assert count(house, Group) == groups + 1
    assert "It was pressed twice and done once." in alice.get(second.location).text


@ON_SQLITE
def test_a_form_that_was_corrected_is_another_press(house):
    alice, groups = house.client(), count(house, Group)
    field = {"once": hidden(alice.get(NEW).text)}
    assert alice.post(NEW, data={**DRAFT, **field, "label": ""}).status_code == 422
    first = alice.post(NEW, data={**DRAFT, **field})
    other = alice.post(NEW, data={**DRAFT, **field, "label": "Friday Circle"})
    assert (first.status_code, other.status_code) == (303, 303)
    assert first.location != other.location
    assert count(house, Group) == groups + 2


@ON_SQLITE
def test_a_file_counts_as_what_it_holds(house):
    alice, path = house.client(), house.at("/people")

    def send(content, **more):
        return alice.post(path, data={"once": "o" * 22, "file": (io.BytesIO(content), "list.csv"), **more})

    look = send(b"alias,address\nDora,dora@example.org\n", do="preview")
    seen = re.search(r'name="seen"[^>]*value="([^"]+)"', look.text)[1]
    add = {"do": "add", "agreed": "y", "seen": seen}
    for _ in range(2):
        assert send(b"alias,address\nDora,dora@example.org\n", **add).status_code == 303
    assert count(house, Participant) == 2
    assert send(b"alias,address\nEmil,emil@example.org\n", **add).status_code == 422


@ON_SQLITE
def test_pausing_with_a_double_press_pauses(house):
    alice = house.client()
    field = {"once": hidden(alice.get("/reminders").text)}
    for _ in range(2):
        alice.post("/reminders/pause", data=field)
    assert "All messages are held back." in alice.get("/reminders").text


@ON_SQLITE
def test_a_step_that_keeps_nothing_in_the_database_is_taken_each_time(house):
    alice = house.client()
    for _ in range(2):
        response = alice.post(house.at("/plan"), data={"step": "path", "do": "next", "once": "w" * 22})
        assert response.status_code == 303
    assert count(house, KeptAnswer) == 0
    assert "pressed twice" not in alice.get("/groups").text


@ON_SQLITE
def test_nobody_who_is_not_signed_in_keeps_a_key(house):
    assert post(house, "/login", {"email": "x", "password": "y"}, who=None, **KEY).status_code == 422
    assert count(house, KeptAnswer) == 0


@ON_SQLITE
@pytest.mark.parametrize(
    "path",
    [
        "/groups/new", "{group}/edit", "{group}/people", "{group}/reminders", "/reminders", "/", "/prompts/new",
        "{session}/insert", "{session}/move", "{session}/cancel", "/library/exercise/new", "/library/import",
    ],
)  # fmt: skip
def test_forms_that_do_something_for_good_have_a_fresh_key(house, path):
    first = house.plan()[0]
    with house.change() as db:
        house.account(db, "alice").role = "admin"
    alice, at = house.client(), path.format(group=house.at(), session=f"/sessions/{first.id}")
    assert hidden(alice.get(at).text) != hidden(alice.get(at).text)
