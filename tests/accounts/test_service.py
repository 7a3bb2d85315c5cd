"""Accounts: made once per address, sealed, and changed by the person who holds them."""

import pytest

from facilitator.accounts import service as accounts
from facilitator.accounts.models import EMAIL_PLACE, Role
from facilitator.accounts.passwords import METHOD, check_password
from facilitator.errors import Conflict, Invalid
from facilitator.vault import vault_of
from tests import factories

NEW = "another quiet evening"


@pytest.fixture
def db(database):
    with database.write() as session:
        yield session


@pytest.fixture
def alice(db):
    return factories.make_account(db, "Alice")


def make(db, now, **values):
    usual = {
        "name": "Dora",
        "email": "dora@example.org",
        "password": factories.PASSWORD,
        "role": Role.FACILITATOR,
        "zone": "Europe/Berlin",
    }
    return accounts.create_facilitator(db, **{**usual, **values}, now=now)


def test_an_account_is_made_with_a_sealed_address_and_a_slow_hash(db, now):
    made = make(db, now, name="  Dora  May ", email=" DORA@Example.org ")
    assert (made.name, made.role, made.zone, made.language) == ("Dora May", Role.FACILITATOR, "Europe/Berlin", "en")
    assert made.created_on == now.date()
    assert accounts.email_of(db, made) == "dora@example.org"
    assert b"dora" not in made.email_sealed.lower()
    assert made.password_hash.startswith(METHOD)
    assert check_password(made.password_hash, factories.PASSWORD)


def test_an_address_has_one_account(db, alice, now):
    with pytest.raises(Conflict):
        make(db, now, email="ALICE@example.org")
    assert accounts.count_facilitators(db) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 81),
        ("name", "Dora\x00"),
        ("email", "dora"),
        ("email", ""),
        ("password", "too short"),
        ("password", "x" * 201),
        ("zone", "Mars/Base"),
    ],
)
def test_what_cannot_be_used_is_refused_by_field(db, now, field, value):
    with pytest.raises(Invalid) as refusal:
        make(db, now, **{field: value})
    assert refusal.value.field == field
    assert accounts.count_facilitators(db) == 0


@pytest.mark.parametrize("password", ["pässwörter ☂ sind lang", "x" * 64, "  spaces at the ends  "])
def test_any_characters_make_a_password(db, now, password):
    assert check_password(make(db, now, password=password).password_hash, password)


def test_a_changed_password_ends_every_other_session(db, alice):
    before = alice.session_token
    accounts.change_password(db, alice, factories.PASSWORD, NEW)
    assert check_password(alice.password_hash, NEW)
    assert not check_password(alice.password_hash, factories.PASSWORD)
    assert accounts.find_by_session_token(db, before) is None
    assert accounts.find_by_session_token(db, alice.session_token) is alice


@pytest.mark.parametrize(("current", "new", "field"), [("wrong", NEW, "current"), (factories.PASSWORD, "short", "new")])
def test_a_password_is_changed_only_by_who_knows_it_and_to_one_that_holds(db, alice, current, new, field):
    before = (alice.password_hash, alice.session_token)
    with pytest.raises(Invalid) as refusal:
        accounts.change_password(db, alice, current, new)
    assert refusal.value.field == field
    assert (alice.password_hash, alice.session_token) == before


def test_settings_are_changed_together(db, alice):
    accounts.change_settings(db, alice, name=" Alice  S ", zone="America/New_York", language="es")
    db.expire(alice)
    assert (alice.name, alice.zone, alice.language) == ("Alice S", "America/New_York", "es")


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("zone", "Mars/Base"), ("language", "xx")])
def test_settings_that_cannot_be_used_change_nothing(db, alice, field, value):
    with pytest.raises(Invalid) as refusal:
        accounts.change_settings(db, alice, **{"name": "New", "zone": "Etc/UTC", "language": "es", field: value})
    assert refusal.value.field == field
    assert (alice.name, alice.zone, alice.language) == ("Alice", "Europe/London", "en")


def test_an_account_is_found_by_its_address(db, alice):
    assert accounts.find_by_address(db, " ALICE@example.org ") is alice
    assert accounts.find_by_address(db, "nobody@example.org") is None
    assert accounts.find_by_index(db, vault_of(db).blind_index(EMAIL_PLACE, "alice@example.org")) is alice


def test_a_setting_of_the_installation_is_kept_replaced_and_dropped(db):
    assert accounts.find_setting(db, "paused") is None
    accounts.keep_setting(db, "paused", "yes")
    accounts.keep_setting(db, "paused", "no")
    assert accounts.find_setting(db, "paused") == "no"
    accounts.keep_setting(db, "paused", None)
    accounts.keep_setting(db, "paused", None)
    assert accounts.find_setting(db, "paused") is None


def test_the_set_up_code_is_eight_readable_characters_of_this_installation():
    code = accounts.set_up_code("one secret")
    assert len(code.replace("-", "")) == 8
    assert code == accounts.set_up_code("one secret") != accounts.set_up_code("another secret")


def test_the_set_up_code_is_known_however_it_is_typed():
    code = accounts.set_up_code("a secret")
    for typed in (code, code.upper(), code.replace("-", ""), f"  {code} "):
        assert accounts.is_set_up_code("a secret", typed)
    for typed in ("", "-", code[:-1], accounts.set_up_code("another"), "ｃ" * 8):
        assert not accounts.is_set_up_code("a secret", typed)
