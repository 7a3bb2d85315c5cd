"""How long the busiest pages take with a whole organisation in the database, and how many queries each needs.

The peer is the same template rendered from the values it was given, so the ratio is what finding them costs.
"""

from typing import Any

from flask import Flask, before_render_template
from sqlalchemy import event

from facilitator import create_app
from facilitator.db import Database
from tests.bench.installation import EMAIL, NOW, PASSWORD, grown
from tests.bench.report import median_ms, tell

MOST_QUERIES = 8
ROUNDS = 15


def run() -> None:
    """Measure Today, a group, a session plan and the ledger."""
    with grown() as (config, database, group_id, session_id):
        app = create_app(config, database, clock=lambda: NOW)
        app.config["WTF_CSRF_ENABLED"] = False
        client = app.test_client()
        client.post("/login", data={"email": EMAIL, "password": PASSWORD})
        addresses = {
            "today": "/",
            "group": f"/groups/{group_id}",
            "session plan": f"/sessions/{session_id}",
            "ledger": "/reminders",
        }
        for name, address in addresses.items():
            _measure(app, database, client, name, address)


def _measure(app: Flask, database: Database, client: Any, name: str, address: str) -> None:
    seen: list[tuple[Any, dict[str, Any]]] = []
    with before_render_template.connected_to(
        lambda _app, template, context, **_: seen.append((template, dict(context))), app
    ):
        statements = _count(database, lambda: _get(client, address))
    template, context = seen[0]
    page = median_ms(lambda: _get(client, address), ROUNDS)
    with app.test_request_context(address):
        bare = median_ms(lambda: template.render(context), ROUNDS)
    tell(f"pages: {name}", page, "ms", "the template alone", bare)
    tell(f"pages: {name}, queries", statements, "queries", "limit", MOST_QUERIES)


def _get(client: Any, address: str) -> None:
    response = client.get(address)
    if response.status_code != 200:
        raise RuntimeError(f"{address} answers {response.status_code}")


def _count(database: Database, work: Any) -> int:
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
            found.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    return len(found)
