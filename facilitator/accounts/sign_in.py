"""Signs people in, in three steps: look up, prove, settle.

Hashing a password takes about 0.3 s, and no transaction is open meanwhile: with SQLite's one writer a few strangers at
the sign-in page would hold up everybody else, deliveries included. Tries are counted per account under a blind index,
never by where they come from.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from facilitator.accounts.models import EMAIL_PLACE, Facilitator, SignInAttempts
from facilitator.accounts.passwords import check_password, hash_password, is_outdated
from facilitator.accounts.service import find_by_index
from facilitator.db import insert_missing
from facilitator.errors import NotAllowed
from facilitator.vault import vault_of

FREE_TRIES = 5
LONGEST_WAIT = timedelta(minutes=15)
KEPT_FOR = timedelta(days=1)
_STEPS_TO_LONGEST = 10  # 2^10 s are already more than the longest wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who somebody says they are: the blind index of the address, and the account behind it where there is one."""

    index: str
    facilitator_id: str | None
    password_hash: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Whether the password was right, and the hash to keep from now on where the kept one is outdated."""

    right: bool
    new_hash: str | None = field(default=None, repr=False)


def look_up(db: Session, email: str, now: datetime) -> Claim:
    """Return what a sign-in with this address is checked against; the same for an address that nobody has.

    Raises:
        NotAllowed: while the wait after several wrong tries is not over.
    """
    index = vault_of(db).blind_index(EMAIL_PLACE, email.strip().lower())
    _refuse_waiting(db.get(SignInAttempts, index), now)
    facilitator = find_by_index(db, index)
    if facilitator is None:
        return Claim(index=index, facilitator_id=None, password_hash=None)
    return Claim(index=index, facilitator_id=facilitator.id, password_hash=facilitator.password_hash)


def prove(claim: Claim, password: str) -> Proof:
    """Check a password, outside any transaction; without an account it takes as long and is never right."""
    right = check_password(claim.password_hash, password)
    outdated = right and claim.password_hash is not None and is_outdated(claim.password_hash)
    return Proof(right=right, new_hash=hash_password(password) if outdated else None)


def settle(db: Session, claim: Claim, proof: Proof, now: datetime) -> Facilitator:
    """Return the account that has proved itself, and forget its wrong tries; count a wrong one.

    After five wrong tries each further one waits longer: 2 s, 4 s, at most 15 minutes, never for ever. The caller
    commits in both cases.

    Raises:
        NotAllowed: when address and password do not belong together, or somebody guessed meanwhile.
    """
    attempts = db.get(SignInAttempts, claim.index, with_for_update=True)
    _refuse_waiting(attempts, now)
    facilitator = db.get(Facilitator, claim.facilitator_id) if proof.right and claim.facilitator_id else None
    if facilitator is None or facilitator.password_hash != claim.password_hash:
        _count_wrong(db, claim.index, now)
        raise NotAllowed("The email address or the password is not right.")
    if attempts:
        db.delete(attempts)
    facilitator.password_hash = proof.new_hash or facilitator.password_hash
    db.flush()
    return facilitator


def _refuse_waiting(attempts: SignInAttempts | None, now: datetime) -> None:
    if attempts and attempts.wrong > FREE_TRIES and attempts.until_at > now:
        raise NotAllowed("There were several wrong tries. Wait a few minutes, then try again.")


def _count_wrong(db: Session, index: str, now: datetime) -> None:
    db.execute(delete(SignInAttempts).where(SignInAttempts.until_at < now - KEPT_FOR))
    insert_missing(db, SignInAttempts, [{"key": index, "wrong": 0, "until_at": now}])
    attempts = db.get_one(SignInAttempts, index, with_for_update=True, populate_existing=True)
    attempts.wrong += 1
    steps = min(max(attempts.wrong - FREE_TRIES, 0), _STEPS_TO_LONGEST)
    attempts.until_at = now + min(timedelta(seconds=2**steps), LONGEST_WAIT)
    db.flush()
