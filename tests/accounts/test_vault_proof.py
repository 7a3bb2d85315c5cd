"""The proof of the vault key: made once, whoever comes first."""

import threading

from sqlalchemy import select

from facilitator.accounts import service as accounts
from facilitator.accounts.models import InstallationSetting
from facilitator.accounts.vault_proof import prove_vault_key


def test_processes_that_start_for_the_first_time_together_all_start(database):
    """On PostgreSQL, web and worker are processes of their own, and nobody says which is up first."""
    together, failed = threading.Barrier(6), []

    def start():
        try:
            with database.write() as db:
                accounts.find_setting(db, "anything")  # the transaction stands before anybody has written
                if not database.is_sqlite:
                    together.wait(10)
                prove_vault_key(db)
                db.commit()
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)

    starting = [threading.Thread(target=start) for _ in range(6)]
    for one in starting:
        one.start()
    for one in starting:
        one.join(30)
    assert failed == []
    with database.read() as db:
        assert len(db.scalars(select(InstallationSetting)).all()) == 1
