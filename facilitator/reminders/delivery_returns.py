"""One pass over the box of returned mail: read, apply, commit, and only then take away.

No transaction is open while the box is read, and none is opened for a mail that is no report.
"""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from facilitator.db import Database
from facilitator.mail.returned import Kind, read_report
from facilitator.mail.returned_box import Fate, ReturnedBox
from facilitator.reminders.returns import Applied, apply

log = logging.getLogger(__name__)
FATES = {Applied.NOT_OURS: Fate.LEFT, Applied.TOO_EARLY: Fate.LATER}


def apply_returned(
    box: ReturnedBox,
    database: Database,
    clock: Callable[[], datetime],
    should_stop: Callable[[], bool] = lambda: False,
) -> Counter[Fate]:
    """Apply what has come back since the last pass; return how many mails had which fate.

    Raises:
        BoxError: when the box cannot be opened, or stops answering; what was applied until then stays.
    """
    return box.pass_over(lambda raw: _take(database, raw, clock()), should_stop)


def _take(database: Database, raw: bytes, now: datetime) -> Fate:
    report = read_report(raw)
    if report.kind is not Kind.REPORT:
        if report.kind is Kind.UNREADABLE:
            log.info("a mail server wrote something that is no report", extra={"event": "returned"})
        return Fate.LEFT
    with database.write() as db:
        applied = apply(db, report, now)
        db.commit()
    return FATES.get(applied, Fate.DONE)
