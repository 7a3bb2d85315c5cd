"""Where backups go and what they are sealed to, from the settings."""

from config import Config
from facilitator.errors import Invalid
from facilitator.keeping.sealed_files import new_identity, recipient_of
from facilitator.key_files import kept_key

IDENTITY = "backup_key"
"""The private key in the data folder, where the settings name no public one."""


def recipient(config: Config) -> str:
    """Return the public key that backups are sealed to; without one in the settings, that of a key in the data folder.

    Raises:
        Invalid: when that key cannot be made or read.
    """
    if config.backup_recipient:
        return config.backup_recipient
    path = config.data_dir / IDENTITY
    try:
        return recipient_of(kept_key(path, new_identity))
    except OSError as fault:
        raise Invalid(f"The key {path} cannot be made or read: {fault.strerror}.") from fault
    except ValueError as fault:
        raise Invalid(str(fault)) from fault
