"""What a database keeps to know its vault key by, and the key of links where the vault key was changed since.

A known text is sealed at the first start and opened at every later one.
"""

from base64 import b64decode, b64encode
from dataclasses import replace

from sqlalchemy.orm import Session

from facilitator.accounts.models import InstallationSetting
from facilitator.accounts.service import find_setting, keep_setting
from facilitator.db import insert_missing
from facilitator.errors import Conflict
from facilitator.vault import SealError, Vault, vault_of

VAULT_PROOF, LINK_KEY, PROOF_PLACE = "vault_proof", "link_key", "installation_setting.value"


def prove_vault_key(db: Session) -> Vault:
    """Refuse to go on with another vault key than the one this database was sealed with; return what to go on with.

    Of several processes that start for the first time together, one seals the proof and the others open it.

    Raises:
        Conflict: when it does not open.
    """
    vault = vault_of(db)
    if find_setting(db, VAULT_PROOF) is None:
        insert_missing(
            db, InstallationSetting, [{"name": VAULT_PROOF, "value": _seal(vault, VAULT_PROOF, VAULT_PROOF)}]
        )
    try:
        vault.open(PROOF_PLACE, VAULT_PROOF, b64decode(find_setting(db, VAULT_PROOF) or ""))
        kept = find_setting(db, LINK_KEY)
        link_key = bytes.fromhex(vault.open(PROOF_PLACE, LINK_KEY, b64decode(kept))) if kept else None
    except SealError:
        raise Conflict(
            "The vault key is not the one this database was sealed with; no address would open. "
            "Give the right key in FACILITATOR_VAULT_KEY or put the old key file back."
        ) from None
    return replace(vault, kept_link_key=link_key)


def seal_proof(db: Session, new: Vault) -> None:
    """Let the database be known by another vault key from now on; links stay what they were."""
    link_key = prove_vault_key(db).link_key
    keep_setting(db, VAULT_PROOF, _seal(new, VAULT_PROOF, VAULT_PROOF))
    keep_setting(db, LINK_KEY, _seal(new, LINK_KEY, link_key.hex()))


def _seal(vault: Vault, name: str, text: str) -> str:
    return b64encode(vault.seal(PROOF_PLACE, name, text)).decode("ascii")
