"""How long every page takes with a whole organisation in the database, and how many queries each needs.

The peer is the same template rendered from the values it was given, so the ratio is what finding them costs. Queries are
counted with one group and with five hundred: they are the same, or the page is named at the end and the measurement fails.
"""

import sys
from collections.abc import Mapping
from typing import Any

from flask import Flask, before_render_template
from sqlalchemy import event

from facilitator import create_app
from facilitator.db import Database
from tests.bench.installation import EMAIL, GROUPS, NOW, PASSWORD, grown
from tests.bench.report import median_ms, print_table
from tests.browser.test_pages import FIXED, OF_A_GROUP, OF_A_SESSION

MOST_QUERIES = 8
MOST_TIMES = 3.0  # what the template alone takes
ROUNDS = 7


def run() -> None:
    """Measure every page of a facilitator, print a table, and end with 1 where one is beyond its limit."""
    few, _ = _look(1, timed=False)
    many, times = _look(GROUPS, timed=True)
    rows, wrong = [], []
    for page, (taken, bare) in sorted(times.items(), key=lambda item: -item[1][0]):
        rows.append((page, f"{taken:.1f}", f"{bare:.1f}", f"{taken / bare:.1f}", str(few[page]), str(many[page])))
        if taken / bare > MOST_TIMES:
            wrong.append(f"{page}: {taken / bare:.1f} times the template alone")
        if many[page] > max(few[page], MOST_QUERIES):
            wrong.append(f"{page}: {few[page]} queries with one group, {many[page]} with {GROUPS}")
    print_table(("page", "ms", "template alone", "ratio", "queries, 1 group", f"queries, {GROUPS}"), rows)
    print(
        "\n".join(wrong) if wrong else f"All pages: at most {MOST_TIMES} times the template, queries as with one group."
    )
    if wrong:
        sys.exit(1)


def _look(groups: int, *, timed: bool) -> tuple[Mapping[str, int], dict[str, tuple[float, float]]]:
    """Return how many queries each page needs in an installation of so many groups, and its milliseconds."""
    with grown(groups) as (config, database, group_id, session_id):
        app = create_app(config, database, clock=lambda: NOW)
        app.config["WTF_CSRF_ENABLED"] = False
        client = app.test_client()
        client.post("/login", data={"email": EMAIL, "password": PASSWORD})
        pages = {
            **{page: page for page in FIXED},
            **{f"/groups/…{part}": f"/groups/{group_id}{part}" for part in OF_A_GROUP},
            **{f"/sessions/…{part}": f"/sessions/{session_id}{part}" for part in OF_A_SESSION},
        }
        # some addresses in the list are of a session that this installation does not have
        pages = {
            name: page for name, page in pages.items() if client.get(page, follow_redirects=True).status_code != 404
        }
        counts = {name: _count(database, client, address) for name, address in pages.items()}
        return counts, {name: _time(app, client, page) for name, page in pages.items() if timed}


def _time(app: Flask, client: Any, address: str) -> tuple[float, float]:
    """Return the milliseconds of a page, and of its template with the values that it was given."""
    seen: list[tuple[Any, dict[str, Any]]] = []
    taken = median_ms(lambda: _get(client, address), ROUNDS)
    heard = before_render_template.connected_to(
        lambda _app, template, context, **_: seen.append((template, context)), app
    )
    with heard, client:  # the request stays open, so that the template finds who is signed in
        _get(client, address)
        template, context = seen[-1]
        return taken, median_ms(lambda: template.render(dict(context)), ROUNDS)


def _get(client: Any, address: str) -> None:
    response = client.get(address, follow_redirects=True)
    if response.status_code != 200:
        raise RuntimeError(f"{address} answers {response.status_code}")


def _count(database: Database, client: Any, address: str) -> int:
    _get(client, address)  # what is read once and kept is read now
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
            found.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        _get(client, address)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    return len(found)
