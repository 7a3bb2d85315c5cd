"""The door and one's own settings on the web."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from config import Mode
from facilitator.accounts.models import Role, SignInAttempts
from facilitator.accounts.passwords import check_password
from facilitator.accounts.service import count_facilitators, set_up_code
from facilitator.accounts.views import _local_path
from tests import factories
from tests.accounts.test_sign_in import WAIT, WRONG
from tests.factories import ON_SQLITE, PASSWORD, email

pytestmark = ON_SQLITE
NEW_PASSWORD = "another quiet evening"


def sign_in(client, name="Alice", password=PASSWORD, **query):
    return client.post("/login", data={"email": email(name), "password": password}, query_string=query)


def is_in(client):
    return client.get("/settings").status_code == 200


def value_of(response, name):
    """Return what stands in a field of the page."""
    return re.search(rf'<input[^>]*name="{name}"[^>]*>', response.text)[0].partition('value="')[2].partition('"')[0]


def assert_refused(response, sentence):
    """Assert that a form came back with what is wrong: in the title, above the form and beside the field."""
    assert response.status_code == 422
    assert "<title>Error: " in response.text
    assert response.text.count(sentence) == 2
    assert 'aria-invalid="true"' in response.text


def test_the_right_password_lets_in_and_leads_to_today(house):
    client = house.client(None)
    response = sign_in(client)
    assert (response.status_code, response.location) == (303, "/")
    assert is_in(client)


@pytest.mark.parametrize(("name", "password"), [("Alice", "not this one"), ("Nobody", PASSWORD), ("Nobody", "x" * 200)])
def test_a_wrong_password_and_an_unknown_address_get_the_same_page(house, name, password):
    client = house.client(None)
    response = sign_in(client, name, password)
    assert_refused(response, WRONG)
    assert value_of(response, "email") == email(name)
    assert not value_of(response, "password")
    assert not is_in(client)
    with house.read() as db:
        assert db.query(SignInAttempts).count() == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Enter your email address."),
        ({"email": email("alice")}, "Enter your password."),
        ({"email": "x" * 255, "password": "x"}, "Enter at most 254 characters."),
        ({"email": email("alice"), "password": "x" * 201}, "Enter at most 200 characters."),
    ],
)
def test_a_sign_in_without_an_answer_says_what_is_missing_and_counts_nothing(house, typed, sentence):
    response = house.client(None).post("/login", data=typed)
    assert_refused(response, sentence)
    with house.read() as db:
        assert db.query(SignInAttempts).count() == 0


def test_an_address_that_is_none_is_treated_as_an_unknown_one(house):
    response = house.client(None).post("/login", data={"email": "\x07<b>&", "password": "x"})
    assert_refused(response, WRONG)
    assert "<b>" not in response.text


def test_many_wrong_tries_are_told_to_wait_and_the_wait_ends(house):
    with house.change() as db:
        index = factories.vault_of(db).blind_index(factories.EMAIL_PLACE, email("alice"))
        db.add(SignInAttempts(key=index, wrong=9, until_at=house.clock.advance(seconds=16)))
    house.clock.advance(seconds=-1)
    assert_refused(sign_in(house.client(None)), WAIT)
    house.clock.advance(seconds=1)
    assert sign_in(house.client(None)).status_code == 303


@pytest.mark.parametrize("wanted", ["/", "/groups", "/groups?x=1&y=2", "/groups/%2F%2Fevil.example", "/ñ"])
def test_signing_in_leads_on_to_a_path_of_this_site(app, wanted):
    with app.test_request_context():
        assert _local_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "///evil.example",
        "https://evil.example",
        "https:evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/groups\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "http://[",
        "//[",
        "groups",
        "",
    ],
)
def test_signing_in_leads_nowhere_else(app, wanted):
    with app.test_request_context():
        assert _local_path(wanted) == "/"


@pytest.mark.parametrize("wanted", ["http://[", "//evil.example"])
def test_an_address_made_up_to_lead_elsewhere_still_signs_in(house, wanted):
    response = sign_in(house.client(None), next=wanted)
    assert (response.status_code, response.location) == (303, "/")


def test_the_page_that_was_asked_for_comes_after_the_door(house):
    client = house.client(None)
    door = client.get(house.at("?tab=1"))
    assert door.status_code == 303
    page = client.get(door.location)
    action = re.search(r'<form[^>]*action="([^"]+)"', page.text)[1].replace("&amp;", "&")
    response = client.post(action, data={"email": email("alice"), "password": PASSWORD})
    assert response.location == house.at("?tab=1")


def test_a_form_that_was_sent_after_the_session_ended_leads_to_the_door_and_not_back_into_the_form(house):
    assert house.client(None).post(house.at("/edit"), data={"label": "x"}).location == "/login"


def test_only_a_press_signs_out(house):
    client = house.client()
    assert client.get("/sign-out").status_code == 405
    assert is_in(client)
    assert client.post("/sign-out").location == "/login"
    assert not is_in(client)


def test_a_cookie_without_an_account_behind_it_opens_nothing(house):
    client = house.client(None)
    for token in ("", "x" * 22, "None"):
        with client.session_transaction() as session:
            session["_user_id"] = token
        assert not is_in(client)


def test_a_sign_in_ends_with_the_browser(house):
    response = sign_in(house.client(None))
    cookie = next(line for line in response.headers.getlist("Set-Cookie") if line.startswith("desk="))
    assert "Expires" not in cookie


def test_a_cookie_that_was_kept_for_more_than_twelve_hours_opens_nothing(house):
    client = house.client()
    assert house.app.permanent_session_lifetime == timedelta(hours=12)
    house.app.permanent_session_lifetime = timedelta(seconds=-1)  # as if that time had passed
    assert not is_in(client)


def test_before_the_first_account_every_door_leads_to_the_first_run(client):
    assert client.get("/").location == "/login"
    assert client.get("/login").location == "/first-run"
    assert client.get("/first-run").status_code == 200


@pytest.fixture
def first(config):
    """What a person types to make the first account."""
    return {
        "code": set_up_code(config.secret_key),
        "name": "Alice",
        "email": email("alice"),
        "password": PASSWORD,
        "again": PASSWORD,
        "zone": "Europe/London",
    }


def test_the_first_account_runs_the_installation_and_is_signed_in(client, database, first):
    response = client.post("/first-run", data=first)
    assert (response.status_code, response.location) == (303, "/")
    assert is_in(client)
    with database.read() as db:
        account = db.query(factories.Facilitator).one()
    assert (account.role, account.zone, account.language) == (Role.ADMIN, "Europe/London", "en")


def test_after_the_first_account_there_is_no_first_run(client, first):
    client.post("/first-run", data=first)
    for browser in (client, client.application.test_client()):
        assert browser.get("/first-run").status_code == 404
        assert browser.post("/first-run", data=first | {"email": "eve@example.org"}).status_code == 404


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"code": "0000-0000"}, "Enter the code that the program printed when it started."),
        ({"code": ""}, "Enter an answer."),
        ({"code": "é" * 9}, "Enter the code that the program printed when it started."),
        ({"code": "x" * 21}, "Enter at most 20 characters."),
        ({"name": ""}, "Enter an answer."),
        ({"name": "  "}, "Enter a name of 1 to 80 characters."),
        ({"name": "x" * 10_000}, "Enter at most 80 characters."),
        ({"name": "A\x07b"}, "Enter a name of 1 to 80 characters."),
        ({"email": "nobody"}, "Enter an email address, such as name@example.org."),
        (
            {"password": "short", "again": "short"},
            "Enter a password of at least 12 characters. Several words work well.",
        ),
        ({"again": "another one here"}, "The two passwords are not the same."),
        ({"zone": "Mars/Olympus"}, "Choose a time zone from the list, for example Europe/London."),
        ({"zone": ""}, "Choose a time zone from the list, for example Europe/London."),
    ],
)
def test_a_first_account_that_cannot_be_made_says_why_and_keeps_what_was_typed(
    client, database, first, typed, sentence
):
    response = client.post("/first-run", data=first | typed)
    assert_refused(response, sentence)
    for name in {"code", "name", "email"} - typed.keys():
        assert value_of(response, name) == first[name]
    assert PASSWORD not in response.text
    with database.read() as db:
        assert count_facilitators(db) == 0


def test_the_code_is_taken_without_its_dash_and_in_capitals(client, first):
    first["code"] = f" {first['code'].replace('-', '').upper()} "
    assert client.post("/first-run", data=first).status_code == 303


def test_settings_show_the_address_and_the_present_answers(house):
    page = house.client().get("/settings")
    assert email("alice") in page.text
    assert value_of(page, "name") == "Alice"
    assert '<option selected value="Europe/London">' in page.text


def test_settings_are_kept(house):
    client = house.client()
    data = {"name": " Alice  Stone ", "zone": "Asia/Kathmandu", "language": "es", "theme": "dark"}
    response = client.post("/settings", data=data)
    assert (response.status_code, response.location) == (303, "/settings")
    with house.read() as db:
        account = db.query(factories.Facilitator).filter_by(name="Alice Stone").one()
    assert (account.zone, account.language) == ("Asia/Kathmandu", "es")


def test_an_account_under_an_older_name_of_its_zone_keeps_it(house):
    with house.change() as db:
        house.account(db, "alice").zone = "Asia/Calcutta"
    client = house.client()
    assert '<option selected value="Asia/Calcutta">' in client.get("/settings").text
    data = {"name": "Alice", "zone": "Asia/Calcutta", "language": "en", "theme": ""}
    assert client.post("/settings", data=data).status_code == 303


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Enter an answer."),
        ({"name": "<b>" * 4000}, "Enter at most 80 characters."),
        ({"zone": "Mars/Olympus"}, "Choose a time zone from the list, for example Europe/London."),
        ({"zone": "../../etc/passwd"}, "Choose a time zone from the list, for example Europe/London."),
        ({"language": "xx"}, "Choose one of the answers."),
        ({"theme": "pink"}, "Choose one of the answers."),
    ],
)
def test_settings_that_cannot_be_used_say_why_and_change_nothing(house, typed, sentence):
    client = house.client()
    data = {"name": "Alicia", "zone": "Asia/Tokyo", "language": "en", "theme": ""}
    response = client.post("/settings", data=data | typed)
    assert_refused(response, sentence)
    if "name" not in typed:
        assert value_of(response, "name") == "Alicia"
    if "zone" not in typed:
        assert '<option selected value="Asia/Tokyo">' in response.text
    with house.read() as db:
        assert house.account(db, "alice").zone == "Europe/London"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_a_cookie_of_this_device(house, theme):
    client = house.client()
    client.post("/settings", data={"name": "Alice", "zone": "Europe/London", "language": "en", "theme": theme})
    assert f'data-theme="{theme}"' in client.get("/").text
    assert "data-theme" not in house.client().get("/").text
    client.post("/settings", data={"name": "Alice", "zone": "Europe/London", "language": "en", "theme": ""})
    assert "data-theme" not in client.get("/").text


def test_a_theme_cookie_that_was_tampered_with_is_no_theme(house):
    client = house.client()
    client.set_cookie("theme", '"><script>')
    assert "data-theme" not in client.get("/").text


def test_a_new_password_keeps_this_session_and_ends_every_other(house):
    here, elsewhere = house.client(), house.client()
    data = {"current": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD}
    assert here.post("/settings/password", data=data).status_code == 303
    assert "You are signed out everywhere else." in here.get("/settings").text
    assert not is_in(elsewhere)
    assert sign_in(house.client(None)).status_code == 422
    assert sign_in(house.client(None), password=NEW_PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"current": "not this one"}, "This is not your present password."),
        ({"current": ""}, "Enter an answer."),
        ({"new": "short", "again": "short"}, "Enter a password of at least 12 characters. Several words work well."),
        ({"new": "x" * 201, "again": "x" * 201}, "Enter at most 200 characters."),
        ({"again": "another"}, "The two passwords are not the same."),
    ],
)
def test_a_password_that_cannot_be_used_says_why_and_the_old_one_stays(house, typed, sentence):
    here, elsewhere = house.client(), house.client()
    data = {"current": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD} | typed
    response = here.post("/settings/password", data=data)
    assert_refused(response, sentence)
    assert value_of(response, "name") == "Alice"
    assert NEW_PASSWORD not in response.text
    assert is_in(here)
    assert is_in(elsewhere)
    with house.read() as db:
        assert check_password(house.account(db, "alice").password_hash, PASSWORD)


@pytest.mark.parametrize("path", ["/login", "/settings"])
def test_the_pages_speak_the_language_of_the_reader(house, path):
    response = house.client("alice" if path == "/settings" else None).get(path, headers={"Accept-Language": "es"})
    assert ('<html lang="es"' in response.text) == (path == "/login")


def test_the_logins_of_the_demonstration_stand_on_its_door_alone(config, database, now, house):
    assert "ana@example.org" in house.client(None).get("/login").text
    real = factories.open_app(replace(config, mode=Mode.PRODUCTION), database, factories.Clock(now))
    page = real.test_client().get("/login").text
    assert "ana@example.org" not in page
    assert "Demonstration" not in page
