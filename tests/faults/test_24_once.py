"""One press that arrives twenty times: at a real web server, in the same moment, under one Idempotency-Key."""

import threading
import urllib.parse
import urllib.request
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from urllib.error import HTTPError

import pytest
from sqlalchemy import func, select
from waitress.server import create_server

from facilitator.planning.models import GroupSession
from facilitator.reminders.models import OutboxMessage
from tests import factories
from tests.factories import make_message
from tests.planning.pages import read_form

PRESSES = 20


class Unmoved(urllib.request.HTTPRedirectHandler):
    """Stays where it is: an answer that leads elsewhere is the answer."""

    def redirect_request(self, *_arguments):
        return None


OPENER = urllib.request.build_opener(Unmoved)


@contextmanager
def serving(app):
    server = create_server(app, host="127.0.0.1", port=0, threads=PRESSES)

    def run():
        with suppress(OSError):  # its sockets are closed under it when every press has its answer
            server.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(10)


def cookie_of(app, client):
    """Return the cookie with which somebody is signed in."""
    with client.session_transaction() as session:
        value = app.session_interface.get_signing_serializer(app).dumps(dict(session))
    return f"{app.config['SESSION_COOKIE_NAME']}={value}"


def press(address, fields, headers):
    """Return status and where it leads."""
    request = urllib.request.Request(address, data=urllib.parse.urlencode(fields, doseq=True).encode(), headers=headers)
    try:
        with OPENER.open(request, timeout=30) as answer:
            return answer.status, ""
    except HTTPError as answer:
        with answer:
            return answer.code, answer.headers.get("Location", "")


def press_at_once(address, fields, headers):
    found, start = [], threading.Barrier(PRESSES)

    def go():
        start.wait()
        found.append(press(address, fields, headers))

    threads = [threading.Thread(target=go) for _ in range(PRESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


@pytest.mark.fault(24)
def test_twenty_presses_of_one_key_plan_one_session_and_write_one_notice(config, database):
    house = factories.open_house(config, database, datetime.now(UTC))
    first, *_ = house.plan(first_on=datetime.now(UTC).date().replace(year=datetime.now(UTC).year + 1))
    with house.change() as db:
        make_message(db, first, participant_id=house.person_id, state="sent", details_sha="told")
    client = house.client()
    extra, cancel = f"/sessions/{first.id}/insert", f"/sessions/{first.id}/cancel"
    headers = {"Cookie": cookie_of(house.app, client), "Idempotency-Key": "plan-1"}
    with house.read() as db:
        before = db.scalar(select(func.count()).select_from(GroupSession))
    with serving(house.app) as address:
        fields = read_form(client.get(extra), extra)
        answers = press_at_once(address + extra, fields, headers)
        assert len(answers) == PRESSES
        assert len(set(answers)) == 1
        assert answers[0][0] == 303
        assert press(address + extra, fields | {"start_time": ["20:00"]}, headers)[0] == 422

        fields = read_form(client.get(cancel), cancel)
        answers = press_at_once(address + cancel, fields, headers | {"Idempotency-Key": "cancel-1"})
        assert (len(set(answers)), answers[0][0]) == (1, 303)
    with house.read() as db:
        assert db.scalar(select(func.count()).select_from(GroupSession)) == before + 1
        kinds = db.scalars(select(OutboxMessage.kind).where(OutboxMessage.participant_id == house.person_id)).all()
    assert kinds.count("cancelled") == 1
