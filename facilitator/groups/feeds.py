"""Secret addresses of calendars: made, renewed and ended by the person whose calendar it is.

An address is derived and never stored: the row holds its hash alone, and a new version ends every older one. What a
calendar shows is not decided here, and nothing here knows when one was read.
"""

from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.groups.models import Participant
from facilitator.tokens import link_token, token_hash
from facilitator.vault import vault_of

Owner = Facilitator | Participant


def renew_feed(db: Session, owner: Owner) -> str:
    """Give somebody a calendar address, or a new one, and return its token; the one before opens nothing any more."""
    owner.feed_version += 1
    token = _token(db, owner)
    owner.feed_hash = token_hash(token)
    db.flush()
    return token


def end_feed(db: Session, owner: Owner) -> None:
    """End somebody's calendar address; it never comes back, as the next one has another version."""
    owner.feed_hash = None
    db.flush()


def find_feed_token(db: Session, owner: Owner) -> str | None:
    """Return the token of somebody's calendar address, or None where there is none."""
    return _token(db, owner) if owner.feed_hash else None


def _token(db: Session, owner: Owner) -> str:
    return link_token(vault_of(db).link_key, f"feed {owner.__tablename__}", owner.id, owner.feed_version)
