"""An evening on the web: Alice leads a group, Bob leads it with her, Charlie is a stranger, Pat is on the list.

The clock stands where a test puts it. Forms are sent without their token here; that a form without one is refused has
a test of its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from facilitator.db import Database
from facilitator.groups.models import GroupFacilitator
from facilitator.groups.people import Entry, settings_token
from facilitator.planning.service import page_token
from tests.factories import APPS, Clock, add_confirmed
from tests.planning import stage
from tests.worlds import lay_out, shelve


@dataclass(kw_only=True)
class Evening:
    """The app, its people as ids and tokens, and the first session of their series."""

    app: Any
    database: Database
    clock: Clock
    tokens: dict[str, str]
    group_id: str
    session_ids: list[str]
    starts_at: datetime
    ends_at: datetime
    page: str
    settings: dict[str, str]

    def client(self, who: str | None = None) -> Any:
        """Return a browser, signed in as one of the facilitators or as nobody."""
        client = self.app.test_client()
        if who is not None:
            with client.session_transaction() as session:
                session["_user_id"], session["_fresh"] = self.tokens[who], True
        return client

    def after(self, **duration: float) -> None:
        """Put the clock some time after the end of the first session."""
        self.clock.at = self.ends_at + timedelta(**duration)


PEOPLE = ("Pat", "Kim", "Lee", "Max", "Noa", "Ola", "Ray", "Sam")


def begin(config, database, now, people=PEOPLE, **group_values) -> Evening:
    """Write the group, its series and its list, and return the evening."""
    with database.write() as db:
        key = ("evening", tuple(people), tuple(sorted(group_values.items())))
        facts = lay_out(db, key, lambda session: write_evening(session, people, group_values))
        db.commit()
    clock = Clock(now)
    return Evening(app=APPS.lend(config, database, clock), database=database, clock=clock, **facts)


def write_evening(db, people, group_values):
    """Write everybody and everything of the evening; return how to find them."""
    shelve(db)
    alice, bob, charlie = (stage.make_facilitator(db, name) for name in ("Alice Stone", "Bob Reed", "Charlie"))
    group = stage.make_group(db, alice, **{"place": "Old Mill 3", "country": "GB", **group_values})
    db.add(GroupFacilitator(group_id=group.id, facilitator_id=bob.id, role="co"))
    sessions = stage.make_series(db, group, zone=group.zone)[1]
    added = add_confirmed(db, group, [Entry(alias=name, address=f"{name}@example.org") for name in people])
    first = sessions[0]
    return {
        "tokens": {"alice": alice.session_token, "bob": bob.session_token, "charlie": charlie.session_token},
        "group_id": group.id,
        "session_ids": [session.id for session in sessions],
        "starts_at": first.starts_at,
        "ends_at": first.ends_at,
        "page": page_token(db, first),
        "settings": {name: settings_token(db, person) for name, person in zip(people, added, strict=True)},
    }
