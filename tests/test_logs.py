"""Logs: one JSON object a line from an allow-list; no address, alias, token or text by any way."""

import io
import json
import logging

import pytest

from facilitator import logs

ADDRESS = "pat@example.org"
LOST = "lost pat@example.org"


@pytest.fixture
def stream():
    """What is written while the program's log is set up; the loggers are put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET_LOGGERS}
    written = io.StringIO()
    logs.set_up(written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_the_allowed_fields_alone(stream):
    fields = {"event": "poisoned", "outbox_id": 7, "recipient": ADDRESS, "alias": "Pat", "token": "abc"}
    logging.getLogger("facilitator.reminders.delivery").error("a message cannot be built", extra=fields)
    assert lines(stream) == [
        {
            "level": "error",
            "logger": "facilitator.reminders.delivery",
            "message": "a message cannot be built",
            "event": "poisoned",
            "outbox_id": 7,
        }
    ]


def test_values_put_into_the_message_are_not_written(stream):
    logging.getLogger("facilitator.mail").warning("sent to %s", ADDRESS)
    assert ADDRESS not in stream.getvalue()
    assert lines(stream)[0]["message"] == "sent to %s"


def test_of_an_exception_the_type_and_the_places_are_kept_and_its_message_is_not(stream):
    try:
        int(ADDRESS)
    except ValueError:
        logging.getLogger("facilitator.worker").exception("a tick failed")
    [line] = lines(stream)
    assert line["error"] == "ValueError"
    assert line["at"][-1].partition(":")[0].endswith("test_logs.py")
    assert ADDRESS not in stream.getvalue()


def test_the_words_of_other_libraries_are_not_quoted(stream):
    logging.getLogger("sqlalchemy.pool").warning(LOST)
    logging.getLogger("py.warnings").warning(LOST)
    logging.getLogger("facilitatory").warning(LOST)
    assert ADDRESS not in stream.getvalue()
    assert {line["message"] for line in lines(stream)} == {"(not kept)"}


@pytest.mark.parametrize("name", logs.QUIET_LOGGERS)
def test_libraries_speak_from_warnings_up(stream, name):
    logging.getLogger(name).info("busy")
    logging.getLogger(name).warning("worried")
    assert [line["level"] for line in lines(stream)] == ["warning"]


def test_a_value_that_json_cannot_hold_is_named_by_its_type_and_breaks_nothing(stream, capsys):
    class Person:
        def __repr__(self):
            return ADDRESS

    logging.getLogger("facilitator.worker").info("odd", extra={"count": Person()})
    assert lines(stream)[0]["count"] == "Person"
    assert ADDRESS not in capsys.readouterr().err


def test_setting_up_twice_writes_each_line_once(stream):
    logs.set_up(stream)
    logging.getLogger("facilitator.worker").info("once")
    assert len(lines(stream)) == 1
