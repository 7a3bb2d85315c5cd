"""How long it takes to plan a series of 12 sessions with agendas and prompts; the limit is 0.3 s."""

from datetime import time, timedelta

from facilitator.accounts.models import Role
from facilitator.accounts.service import create_facilitator
from facilitator.curriculum.rules import GroupKind
from facilitator.groups.service import GroupDraft, create_group
from facilitator.planning.rules import Rhythm
from facilitator.planning.service import SeriesDraft, schedule_series
from tests.bench.installation import EMAIL, NOW, PASSWORD, empty
from tests.bench.report import median_ms, tell

LIMIT_MS = 300
ROUNDS = 7


def run() -> None:
    """Plan a series several times, each for a group of its own."""
    with empty() as (_config, database):
        with database.write() as db:
            ana = create_facilitator(
                db, name="Ana", email=EMAIL, password=PASSWORD, role=Role.ADMIN, zone="Europe/London", now=NOW
            )
            db.commit()

        def plan() -> None:
            with database.write() as db:
                group = create_group(
                    db,
                    ana,
                    GroupDraft(label="Circle", kind=GroupKind.CLOSED, capacity=8, zone="Europe/London", minutes=90),
                    NOW,
                )
                draft = SeriesDraft(
                    pathway_id="closed-12", first_on=NOW.date() + timedelta(days=7), start_time=time(18, 30),
                    zone="Europe/London", minutes=90, rhythm=Rhythm.WEEKLY,
                )  # fmt: skip
                schedule_series(db, group, draft, NOW, require_review=False)
                db.commit()

        tell("planning: 12 sessions with prompts", median_ms(plan, ROUNDS), "ms", "limit", LIMIT_MS)
