"""Changes the vault key: everything is sealed anew in one transaction, so that it is changed or it is not.

The new key lies in its file before the database knows it, and takes its place after. Whoever finds a key left over
from a change that was interrupted asks the database which of the two it knows. Links that were sent out stay good.
"""

from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from facilitator.accounts.models import EMAIL_PLACE, Facilitator, SignInAttempts
from facilitator.accounts.vault_proof import prove_vault_key, seal_proof
from facilitator.db import Database
from facilitator.errors import Conflict
from facilitator.groups.models import ADDRESS_PLACE, Participant
from facilitator.keeping.sealed_files import put_in_place
from facilitator.key_files import kept_key
from facilitator.reminders.models import ReturnedMail, Suppression
from facilitator.vault import Vault

KEY_FILE, NEXT = "vault_key", "vault_key.next"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """How much was sealed anew."""

    accounts: int
    people: int


def change_key(database: Database, new: Vault) -> Changed:
    """Seal everything with another vault key, all of it or nothing.

    Args:
        database: nobody else uses it meanwhile; whoever does would have to be started again.
        new: the vault of the new key, which lies on the disk already.

    Raises:
        Conflict: when the present key is not the database's.
    """
    with database.write() as db:
        old = prove_vault_key(db)
        accounts, people = _seal_accounts(db, old, new), _seal_people(db, old, new)
        seal_proof(db, new)
        db.execute(delete(SignInAttempts))  # found under the old key alone, and old after a day
        db.commit()
    database.go_on_with(new)
    database.checkpoint()  # the log held the old index and the old seals
    return Changed(accounts=accounts, people=people)


def change_kept_key(folder: Path, database: Database) -> Changed:
    """Change the key that is kept in the data folder.

    Raises:
        Conflict: when the present key is not the database's.
    """
    text = kept_key(folder / NEXT)
    changed = change_key(database, Vault(_bytes(text)))
    _take_place(folder)
    return changed


def change_given_key(path: Path, database: Database) -> Changed:
    """Change a key that the settings give: the new one is written to a file, for the settings to name from now on.

    Raises:
        Conflict: when the present key is not the database's.
        OSError, ValueError: when the file cannot be made or read.
    """
    return change_key(database, Vault(_bytes(kept_key(path))))


def is_kept(folder: Path, key: bytes) -> bool:
    """Tell whether the vault key in use is the one that the data folder keeps."""
    path = folder / KEY_FILE
    return path.exists() and _bytes(path.read_text("ascii").strip()) == key


def finish_change(folder: Path, database: Database) -> None:
    """End a change that was interrupted: the key that the database knows is the one to keep."""
    path = folder / NEXT
    if not path.exists():
        return
    new = Vault(_bytes(kept_key(path)))
    if _knows(database, new):
        _take_place(folder)
        database.go_on_with(new)
    elif _knows(database, None):
        path.unlink()


def _knows(database: Database, vault: Vault | None) -> bool:
    with database.read() as db:
        if vault is not None:
            db.info["vault"] = vault
        try:
            prove_vault_key(db)
        except Conflict:
            return False
    return True


def _take_place(folder: Path) -> None:
    """Put the new key where the old one was, which is overwritten."""
    put_in_place(folder / NEXT, folder / KEY_FILE)


def _seal_accounts(db: Session, old: Vault, new: Vault) -> int:
    accounts = db.scalars(select(Facilitator)).all()
    for account in accounts:
        address = old.open(EMAIL_PLACE, account.id, account.email_sealed)
        account.email_sealed = new.seal(EMAIL_PLACE, account.id, address)
        account.email_index = new.blind_index(EMAIL_PLACE, address)
    db.flush()
    return len(accounts)


def _seal_people(db: Session, old: Vault, new: Vault) -> int:
    """Wrap each person's key anew, and find them and what is known of their address under another index."""
    people = db.scalars(select(Participant)).all()
    moved: dict[str, str] = {}
    for person in people:
        sealer = old.unwrap(person.id, person.key_wrapped)
        index = new.blind_index(ADDRESS_PLACE, sealer.open(ADDRESS_PLACE, person.id, person.address_sealed))
        moved[person.address_index] = index
        person.key_wrapped, person.address_index = new.wrap(person.id, sealer.key), index
    db.flush()
    for model in (Suppression, ReturnedMail):
        _move_index(db, model, moved.get)
    return len(people)


def _move_index(db: Session, model: type[Suppression | ReturnedMail], find: Callable[[str], str | None]) -> None:
    for index in db.scalars(select(model.address_index).distinct()).all():
        where = model.address_index == index
        if (new := find(index)) is None:  # on no list any more, and nobody can say whose it was
            db.execute(delete(model).where(where))
        else:
            db.execute(update(model).where(where).values(address_index=new))


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
