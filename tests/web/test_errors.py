"""Errors as people see them, and what is written down of them."""

import io
import json
import logging

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from facilitator import logs
from facilitator.errors import Conflict, Invalid, NotAllowed, NotFound
from facilitator.web.login import public
from facilitator.web.request import db
from tests.factories import ON_SQLITE

pytestmark = ON_SQLITE


@pytest.fixture
def answer(app):
    """Return what the app answers when a view raises an error."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    raised = []

    @public
    def fail():
        raise raised.pop()

    app.add_url_rule("/fail", view_func=fail, methods=["GET", "POST"])

    def get(error):
        raised.append(error)
        return app.test_client().get("/fail")

    return get


@pytest.fixture
def lines():
    """What the program writes to its log, line by line, with everything set up as in a running one."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    logs.set_up(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (NotFound(), 404, "There is nothing at this address."),
        (NotAllowed("Only the person who leads this group can see this."), 403, "Only the person who leads this group"),
        (Conflict("The room is closed."), 409, "The room is closed."),
        (Invalid("Choose pause, stop or resume."), 422, "Choose pause, stop or resume."),
    ],
)
def test_an_error_of_ours_is_a_page_with_its_sentence_and_a_way_back(answer, error, status, words):
    response = answer(error)
    assert response.status_code == status
    assert words in response.text
    assert "Go to Today" in response.text


def test_an_error_of_a_machine_tells_nothing_of_itself(answer):
    response = answer(RuntimeError("pat@example.org could not be reached at 10.0.0.1"))
    assert response.status_code == 500
    assert "Something went wrong here" in response.text
    assert "pat@example.org" not in response.text
    assert "RuntimeError" not in response.text


def test_no_address_reaches_the_log_through_an_exception(answer, lines):
    error = RuntimeError("pat@example.org is not on the list")
    error.__cause__ = ValueError("Kim <kim@example.org>")
    answer(error)
    written = lines()
    assert any(line.get("error") == "RuntimeError" for line in written)
    assert "example.org" not in json.dumps(written)


def test_no_value_of_a_row_reaches_the_log_through_the_database(app, lines):
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @public
    def fail():
        for _ in range(2):
            db().execute(
                text("INSERT INTO installation_setting (name, value) VALUES ('x', :value)"),
                {"value": "pat@example.org"},
            )

    app.add_url_rule("/fail", view_func=fail, methods=["POST"])
    assert app.test_client().post("/fail").status_code == 500
    written = lines()
    assert any(line.get("error") == IntegrityError.__name__ for line in written)
    assert "example.org" not in json.dumps(written)


def test_an_error_in_a_view_leaves_nothing_half_written(app, database):
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @public
    def fail():
        db().execute(text("INSERT INTO installation_setting (name, value) VALUES ('x', 'y')"))
        raise RuntimeError

    app.add_url_rule("/fail", view_func=fail, methods=["POST"])
    assert app.test_client().post("/fail").status_code == 500
    with database.read() as look:
        assert look.execute(text("SELECT count(*) FROM installation_setting")).scalar() == 0


@pytest.mark.parametrize("size", [1_000_001, 3_000_000])
def test_a_form_that_is_too_large_is_told_so(house, size):
    response = house.client().post(house.at("/people"), data={"text": "x" * size})
    assert response.status_code == 413
    assert "This is too much at once" in response.text


def test_a_form_with_too_many_fields_is_no_accident(house):
    response = house.client().post(house.at("/edit"), data={f"field{number}": "" for number in range(5000)})
    assert response.status_code in {413, 422}


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"label=%ff%fe", b"%00=%00", b"label=\xed\xa0\x80"])
def test_bytes_that_are_no_text_are_no_accident(house, body):
    response = house.client().post(
        house.at("/edit"), data=body, content_type="application/x-www-form-urlencoded; charset=utf-8"
    )
    assert response.status_code == 422


@pytest.mark.parametrize(
    "path", ["/groups/%00", "/groups/%ff", "/groups/" + "x" * 4000, "/sessions/%F0%9F%98%80", "/s/%00"]
)
def test_addresses_that_nobody_has_are_not_there(house, path):
    assert house.client().get(path).status_code == 404


@pytest.mark.parametrize(
    "query", ["page=0", "page=-5", "page=x", "page=99999", "page=" + "9" * 30, "page=1&page=2", "page=%07"]
)
def test_a_page_number_that_there_is_not_is_no_accident(house, query):
    assert house.client().get(f"/reminders?{query}").status_code == 200
