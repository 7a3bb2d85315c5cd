"""A new vault key: everything opens with it and nothing with the old one, links stay good, and it is done or not at all."""

import os
import signal
import subprocess
import sys
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest
from sqlalchemy import select

from facilitator.accounts.models import Facilitator
from facilitator.accounts.service import email_of, find_by_address
from facilitator.accounts.vault_proof import prove_vault_key
from facilitator.db import Database
from facilitator.errors import Conflict
from facilitator.groups.models import Group, Participant
from facilitator.groups.people import list_people, settings_token
from facilitator.keeping.new_key import KEY_FILE, NEXT, change_kept_key, change_key, finish_change, is_kept
from facilitator.key_files import write_key
from facilitator.planning.models import GroupSession
from facilitator.planning.service import page_token
from facilitator.reminders.models import Suppression
from facilitator.reminders.suppression import find_suppression, suppress
from facilitator.vault import SealError, Vault
from tests.conftest import VAULT_KEY
from tests.factories import add_confirmed, entry
from tests.keeping.conftest import everything_in

NEW = Vault(b"n" * 32)
ROOT = Path(__file__).parents[2]
OLD_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="  # VAULT_KEY


def names(database, group_id):
    with database.read() as db:
        return [(person.alias, person.address) for person in list_people(db, db.get_one(Group, group_id))]


def links(database):
    with database.read() as db:
        people = [settings_token(db, each) for each in db.scalars(select(Participant).order_by(Participant.id))]
        return people + [page_token(db, each) for each in db.scalars(select(GroupSession).order_by(GroupSession.id))]


def reopened(database, key):
    """Return the database as a process that starts with this key has it."""
    again = Database(database.engine.url.render_as_string(hide_password=False), Vault(key))
    try:
        with again.read() as db:
            again.go_on_with(prove_vault_key(db))
    except Conflict:
        again.close()
        raise
    return again


def test_everything_opens_with_the_new_key_and_links_stay_good(kept):
    people, sent_out = names(kept.database, kept.group_id), links(kept.database)
    done = change_key(kept.database, NEW)
    assert (done.accounts, done.people) == (3, 3)
    again = reopened(kept.database, NEW.key)
    assert names(again, kept.group_id) == people
    assert links(again) == sent_out
    with again.read() as db:
        alice = find_by_address(db, "alice@example.org")
        assert alice is not None
        assert email_of(db, alice) == "alice@example.org"
    again.close()


def test_links_stay_good_when_the_key_is_changed_twice(kept):
    sent_out = links(kept.database)
    change_key(kept.database, NEW)
    change_key(kept.database, Vault(b"m" * 32))
    again = reopened(kept.database, b"m" * 32)
    assert links(again) == sent_out
    again.close()


def test_nothing_opens_with_the_old_key_any_more(kept):
    change_key(kept.database, NEW)
    old = Vault(VAULT_KEY)
    with kept.read() as db:
        for person in db.scalars(select(Participant)):
            with pytest.raises(SealError):
                old.unwrap(person.id, person.key_wrapped)
        for account in db.scalars(select(Facilitator)):
            with pytest.raises(SealError):
                old.open("facilitator.email", account.id, account.email_sealed)
    with pytest.raises(Conflict, match="vault key is not the one"):
        reopened(kept.database, VAULT_KEY)


def test_an_address_that_refuses_mail_is_known_under_its_new_index(kept, now):
    with kept.change() as db:
        suppress(db, kept.person_id, "mailbox_unknown", None)
        db.add(Suppression(address_index="f" * 64, cause="of nobody on a list"))
    change_key(kept.database, NEW)
    with kept.read() as db:
        assert find_suppression(db, db.get_one(Participant, kept.person_id), now) is not None
        assert len(db.scalars(select(Suppression)).all()) == 1


def test_somebody_is_not_added_twice_after_a_change_of_keys(kept):

    change_key(kept.database, NEW)
    with pytest.raises(Conflict), kept.change() as db:
        add_confirmed(db, db.get_one(Group, kept.group_id), [entry("Kim")])


def test_another_key_than_the_databases_own_changes_nothing(kept):
    before = everything_in(kept.database)
    stranger = Database(kept.database.engine.url.render_as_string(hide_password=False), Vault(b"s" * 32))
    with pytest.raises(Conflict, match="vault key is not the one"):
        change_key(stranger, NEW)
    stranger.close()
    assert everything_in(kept.database) == before


def test_a_key_in_the_data_folder_takes_the_place_of_the_old_one(kept, tmp_path):
    write_key(tmp_path / KEY_FILE, OLD_TEXT)
    assert is_kept(tmp_path, VAULT_KEY)
    change_kept_key(tmp_path, kept.database)
    assert not (tmp_path / NEXT).exists()
    key = urlsafe_b64decode((tmp_path / KEY_FILE).read_text())
    assert key != VAULT_KEY
    reopened(kept.database, key).close()


DIE = """
import os, signal, sys
from pathlib import Path
from facilitator.db import Database
from facilitator.keeping import new_key
from facilitator.vault import Vault
url, folder, at = sys.argv[1:]
left = [int(at)]
def dying(real):
    def step(*arguments, **named):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)
    return step
for module, name in (
    (os, "fsync"), (new_key, "_seal_accounts"), (new_key, "_seal_people"), (new_key, "seal_proof"),
    (new_key, "put_in_place"), (Database, "go_on_with"),
):
    setattr(module, name, dying(getattr(module, name)))
new_key.change_kept_key(Path(folder), Database(url, Vault(bytes(range(32)))))
"""


@pytest.mark.processes
@pytest.mark.parametrize("at", range(9))
def test_killed_at_any_step_the_next_start_finds_the_one_key_that_opens(kept, database_url, tmp_path, at):
    write_key(tmp_path / KEY_FILE, OLD_TEXT)
    people, sent_out = names(kept.database, kept.group_id), links(kept.database)
    command = [sys.executable, "-c", DIE, database_url, str(tmp_path), str(at)]
    done = subprocess.run(command, cwd=ROOT, timeout=60, check=False, env=os.environ, capture_output=True)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    again = Database(database_url, Vault(urlsafe_b64decode((tmp_path / KEY_FILE).read_text())))
    finish_change(tmp_path, again)
    key = urlsafe_b64decode((tmp_path / KEY_FILE).read_text())
    again.close()
    assert not (tmp_path / NEXT).exists()
    again = reopened(kept.database, key)
    assert (names(again, kept.group_id), links(again)) == (people, sent_out)
    again.close()
