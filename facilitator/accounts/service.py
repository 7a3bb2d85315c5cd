"""Use cases of account holders: make one, change a password, change settings. Signing in stands in sign_in.py."""

import hashlib
import hmac
import unicodedata
from datetime import datetime, timedelta

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from facilitator.accounts.models import EMAIL_PLACE, Facilitator, InstallationSetting, KeptAnswer, Role
from facilitator.accounts.passwords import check_password, hash_password, validate_password
from facilitator.errors import Conflict, Invalid
from facilitator.times import get_zone
from facilitator.tokens import new_id
from facilitator.vault import vault_of

LONGEST_NAME = 80
KEEP_ANSWERS = timedelta(days=1)
LANGUAGES = ("en", "es")


def normal_address(address: str, field: str = "email") -> str:
    """Return an address in the one form under which it is compared.

    Raises:
        Invalid: when it is no address.
    """
    try:
        return validate_email(address.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise Invalid("Enter an email address, such as name@example.org.", field) from None


def create_facilitator(
    db: Session, *, name: str, email: str, password: str, role: Role, zone: str, language: str = "en", now: datetime
) -> Facilitator:
    """Make an account.

    Raises:
        Invalid: when the name, address, password or zone cannot be used.
        Conflict: when the address has an account.
    """
    name = validate_name(name)
    address = normal_address(email)
    validate_password(password)
    get_zone(zone)
    vault = vault_of(db)
    index = vault.blind_index(EMAIL_PLACE, address)
    if find_by_index(db, index):
        raise Conflict("There is an account with this address.")
    account_id = new_id()
    facilitator = Facilitator(
        id=account_id,
        name=name,
        email_sealed=vault.seal(EMAIL_PLACE, account_id, address),
        email_index=index,
        password_hash=hash_password(password),
        role=role,
        zone=zone,
        language=language,
        created_on=now.date(),
    )
    db.add(facilitator)
    db.flush()
    return facilitator


def validate_name(name: str) -> str:
    """Return a name without spaces around it.

    Raises:
        Invalid: when it is empty or too long.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or has_control_characters(name):
        raise Invalid("Enter a name of 1 to {most} characters.", "name", most=LONGEST_NAME)
    return name


def has_control_characters(text: str) -> bool:
    """Tell whether a text holds what no keyboard types; PostgreSQL refuses some of it, and a mail header all of it."""
    return any(unicodedata.category(character) == "Cc" for character in text)


def change_password(db: Session, facilitator: Facilitator, current: str, new: str) -> None:
    """Replace the password and end every other session of this account.

    Raises:
        Invalid: when the present password is wrong or the new one cannot be used.
    """
    if not check_password(facilitator.password_hash, current):
        raise Invalid("This is not your present password.", "current")
    validate_password(new, "new")
    facilitator.password_hash = hash_password(new)
    facilitator.session_token = new_id()
    db.flush()


def change_settings(db: Session, facilitator: Facilitator, *, name: str, zone: str, language: str) -> None:
    """Change how the account is shown and in which zone and language it sees things.

    Raises:
        Invalid: when the name, the zone or the language cannot be used.
    """
    get_zone(zone)
    if language not in LANGUAGES:
        raise Invalid("Choose one of the languages.", "language")
    facilitator.name, facilitator.zone, facilitator.language = validate_name(name), zone, language
    db.flush()


def email_of(db: Session, facilitator: Facilitator) -> str:
    """Return the address an account signs in with."""
    return vault_of(db).open(EMAIL_PLACE, facilitator.id, facilitator.email_sealed)


def find_by_index(db: Session, index: str) -> Facilitator | None:
    """Return the account behind a blind index of an address."""
    return db.scalar(select(Facilitator).where(Facilitator.email_index == index))


def find_by_address(db: Session, address: str) -> Facilitator | None:
    """Return the account of an address."""
    return find_by_index(db, vault_of(db).blind_index(EMAIL_PLACE, address.strip().lower()))


def find_by_session_token(db: Session, token: str) -> Facilitator | None:
    """Return the account whose present session token this is."""
    return db.scalar(select(Facilitator).where(Facilitator.session_token == token))


def count_facilitators(db: Session) -> int:
    """Return how many accounts there are; none means that the first-run page is due."""
    return db.scalar(select(func.count()).select_from(Facilitator)) or 0


def find_setting(db: Session, name: str) -> str | None:
    """Return a setting of the installation that people change on screen."""
    row = db.get(InstallationSetting, name)
    return row.value if row else None


def keep_setting(db: Session, name: str, value: str | None) -> None:
    """Keep a setting of the installation, or drop it with None."""
    row = db.get(InstallationSetting, name)
    if row and value is None:
        db.delete(row)
    elif value is not None:
        db.merge(InstallationSetting(name=name, value=value))
    db.flush()


def set_up_code(secret_key: str) -> str:
    """Return the code that the program prints at start and the first-run page asks for.

    Whoever can read the terminal may make the first account; a stranger who finds the page first may not.
    """
    digest = hmac.new(secret_key.encode(), b"first run", hashlib.sha256).hexdigest()[:8]
    return f"{digest[:4]}-{digest[4:]}"


def is_set_up_code(secret_key: str, code: str) -> bool:
    """Tell whether this is the set-up code, with or without its dash."""
    given, wanted = code.strip().lower().replace("-", ""), set_up_code(secret_key).replace("-", "")
    return hmac.compare_digest(given.encode(), wanted.encode())


def erase_answers(db: Session, now: datetime) -> int:
    """Forget what presses were answered with a day ago; return how many."""
    old = delete(KeptAnswer).where(KeptAnswer.at < now - KEEP_ANSWERS).returning(KeptAnswer.key)
    return len(db.execute(old.execution_options(synchronize_session=False)).all())
