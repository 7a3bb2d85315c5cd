"""Every form of a facilitator carries a token; without it nothing happens."""

import re

import pytest

from tests.factories import ON_SQLITE
from tests.test_routes import address, everything, ids, rules  # noqa: F401 - the fixture is asked for by name

pytestmark = ON_SQLITE
OPEN = ("participant", "here")  # a link or words are the proof, and there is no cookie to steal a form with


@pytest.fixture
def guarded(house):
    house.app.config["WTF_CSRF_ENABLED"] = True
    return house


def test_every_form_without_its_token_is_refused_with_a_page_and_changes_nothing(guarded, ids):  # noqa: F811 - the fixture
    alice, before, open_forms = guarded.client("alice"), everything(guarded), []
    posts = [rule for rule, method in rules(guarded.app) if method == "POST" and not rule.endpoint.startswith(OPEN)]
    assert len(posts) > 30
    for rule in posts:
        response = alice.post(address(rule, ids), data={"do": "add"})
        if response.status_code != 400 or "This form was open for too long" not in response.text:
            open_forms.append((rule.rule, response.status_code))
    assert open_forms == []
    assert everything(guarded) == before


@pytest.mark.parametrize("token", ["", "x", "ImFiYyI.Z.Z"])
def test_a_made_up_token_is_refused(guarded, token):
    assert guarded.client().post("/settings", data={"csrf_token": token}).status_code == 400


def test_the_token_of_the_page_is_accepted(guarded):
    alice = guarded.client()
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', alice.get(guarded.at("/edit")).text)[1]
    response = alice.post(guarded.at("/reminders/pause"), data={"csrf_token": token})
    assert response.status_code == 303


def test_the_token_of_somebody_else_is_refused(guarded):
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', guarded.client("bob").get("/settings").text)[1]
    assert guarded.client().post("/sign-out", data={"csrf_token": token}).status_code == 400


def test_every_form_on_every_page_carries_its_token(guarded, ids):  # noqa: F811 - the fixture
    alice = guarded.client()
    for rule, method in rules(guarded.app):
        if method == "GET" and not rule.endpoint.startswith((*OPEN, "static", "mailbox")):
            response = alice.get(address(rule, ids))
            if response.mimetype != "text/html":
                continue  # a file has no forms
            for form in re.findall(r'<form[^>]*method="post".*?</form>', response.text, re.DOTALL):
                assert 'name="csrf_token"' in form, rule.rule
