"""The settings of one installation: read once from the environment, then frozen.

This is the only reader of the environment. Each setting may also be given as NAME_FILE, a path whose content is the
value, so that secrets stay out of process lists. What cannot be read stops the start with all mistakes at once.
"""

import os
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from pyrage import RecipientError
from pyrage.x25519 import Recipient

from facilitator.key_files import KEY_BYTES, is_open_to_others, kept_key
from facilitator.mail.box_urls import BoxUrl, parse_box_url
from facilitator.mail.message import wire_address
from facilitator.mail.urls import MailUrl, parse_mail_url

PREFIX = "FACILITATOR_"
DATABASE_SCHEMES = ("sqlite", "postgresql")
MAIL_CONNECTIONS = "12345678"
SHORTEST_TOKEN = 16
LOCAL_HTTP = {("http", host) for host in ("127.0.0.1", "::1", "localhost")}  # what never leaves the machine
DEFAULT_BASE_URL = "http://127.0.0.1:5000"
DEFAULT_EXIT_URL = "https://www.wikipedia.org/"


class Mode(StrEnum):
    """Whether this installation shows made-up people or serves real ones."""

    DEMO = "demo"
    PRODUCTION = "production"


class ConfigError(Exception):
    """Carries every mistake found in the settings, one sentence each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("The settings cannot be used:\n" + "\n".join(f"- {mistake}" for mistake in mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting, typed.

    Args:
        mode: demo shows drafts under a lasting banner and opens the local mailbox; production does neither.
        data_dir: where the database file, generated keys and the demo mailbox lie.
        database_url: an SQLAlchemy URL, sqlite or postgresql.
        secret_key: signs sessions and forms.
        vault_key: 32 bytes that seal addresses and aliases; kept outside the database.
        base_url: the address under which people reach this installation, without a slash at the end.
        mail_url: the mail server, or the local mailbox.
        mail_from: the neutral sender, "Name <address>" or an address.
        mail_connections: how many connections to the mail server one worker opens at most, 1 to 8.
        returns_url: the box that returned mail comes to, or None.
        metrics_token: what a monitor shows to read the figures of delivery; empty for nobody.
        exit_url: where "Exit this page" leads: a public site that shows nothing of the person who comes to it.
        backup_dir: where the worker puts a backup every day, or None.
        backup_recipient: the public key of age that backups are sealed to; empty for one that is made in the data folder.
        ping_url: what is asked every minute while delivery is well, so that somebody outside notices silence; or empty.
    """

    mode: Mode
    data_dir: Path
    database_url: str
    secret_key: str = field(repr=False)
    vault_key: bytes = field(repr=False)
    base_url: str
    mail_url: MailUrl = field(repr=False)
    mail_from: str
    mail_connections: int = 2
    returns_url: BoxUrl | None = field(default=None, repr=False)
    exit_url: str = DEFAULT_EXIT_URL
    metrics_token: str = field(default="", repr=False)
    backup_dir: Path | None = None
    backup_recipient: str = ""
    ping_url: str = field(default="", repr=False)  # who knows it could keep up the pings of a dead installation

    @property
    def is_demo(self) -> bool:
        """Tell whether this is a demonstration with made-up people."""
        return self.mode is Mode.DEMO

    @property
    def require_clinical_review(self) -> bool:
        """Tell whether only reviewed prompts may be assigned; off in the demonstration alone."""
        return not self.is_demo

    @property
    def secure_cookies(self) -> bool:
        """Tell whether cookies may travel over HTTPS alone."""
        return self.base_url.startswith("https://")

    @property
    def mailbox_dir(self) -> Path:
        """Return where the demo mailbox keeps what it received."""
        return self.data_dir / "mailbox"

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> "Config":
        """Read every setting.

        Args:
            environment: names and values; the process environment when left out.

        Raises:
            ConfigError: with one sentence for every value that cannot be used.
        """
        return _Reader(os.environ if environment is None else environment).config()


class _Reader:
    """Reads values one by one and collects every mistake on the way."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._mistakes: list[str] = []

    def config(self) -> Config:
        """Return the settings, or raise all mistakes together."""
        mode = self._mode()
        data_dir = Path(self._text("DATA_DIR", "instance")).absolute()
        self._make(data_dir)
        config = {
            "mode": mode,
            "data_dir": data_dir,
            "database_url": self._database_url(data_dir),
            "secret_key": self._key("SECRET_KEY", data_dir),
            "vault_key": self._vault_key(data_dir),
            "base_url": self._base_url(),
            "mail_url": self._mail_url(mode),
            "mail_from": self._mail_from(),
            "mail_connections": self._mail_connections(),
            "returns_url": self._returns_url(),
            "exit_url": self._exit_url(),
            "metrics_token": self._metrics_token(),
            "backup_dir": self._backup_dir(),
            "backup_recipient": self._backup_recipient(),
            "ping_url": self._ping_url(),
        }
        if self._mistakes:
            raise ConfigError(self._mistakes)
        return Config(**config)  # type: ignore[arg-type] # each reader above returns the type of its field

    def _text(self, name: str, default: str) -> str:
        path = self._environment.get(f"{PREFIX}{name}_FILE")
        if path is None:
            return self._environment.get(PREFIX + name, default).strip()
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            self._wrong(f"{name}_FILE names {path}, which cannot be read: {reason}.")
            return default

    def _wrong(self, sentence: str) -> None:
        self._mistakes.append(PREFIX + sentence)

    def _mode(self) -> Mode:
        text = self._text("MODE", Mode.PRODUCTION)
        try:
            return Mode(text)
        except ValueError:
            self._wrong(f"MODE is {text!r}; use demo or production.")
            return Mode.PRODUCTION

    def _make(self, data_dir: Path) -> None:
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            self._wrong(f"DATA_DIR is {data_dir}, which cannot be made: {error.strerror}.")

    def _database_url(self, data_dir: Path) -> str:
        url = self._text("DATABASE_URL", "") or f"sqlite:///{data_dir / 'facilitator.db'}"
        if url.split(":", 1)[0].split("+", 1)[0] not in DATABASE_SCHEMES:
            self._wrong("DATABASE_URL starts with neither sqlite: nor postgresql:.")
        return url

    def _vault_key(self, data_dir: Path) -> bytes:
        text = self._key("VAULT_KEY", data_dir)
        try:
            key = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:
            key = b""
        if text and len(key) != KEY_BYTES:
            self._wrong("VAULT_KEY is not 32 bytes in URL-safe base64.")
        return key

    def _key(self, name: str, data_dir: Path) -> str:
        """Return a key as given, or the one kept in the data folder when none is named; "" after a mistake."""
        named = self._environment.get(f"{PREFIX}{name}_FILE")
        text = self._text(name, "")
        if named is None:
            return text or self._generated(data_dir / name.lower())
        if text and is_open_to_others(Path(named)):
            self._wrong(f"{name}_FILE names {named}, which anybody here can read. Run: chmod 600 {named}")
        return text

    def _generated(self, path: Path) -> str:
        """Return a key kept in the data folder, made at the first start and readable by its owner alone."""
        try:
            return kept_key(path)
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            self._mistakes.append(f"The key {path} cannot be made or read: {reason}.")
        except ValueError as error:
            self._mistakes.append(str(error))
        return ""

    def _base_url(self) -> str:
        url = self._text("BASE_URL", DEFAULT_BASE_URL).rstrip("/")
        parts = _parts(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            self._wrong(f"BASE_URL is {url!r}; give a full address such as https://notes.example.")
        return url

    def _mail_url(self, mode: Mode) -> MailUrl | None:
        text = self._text("MAIL_URL", "mailbox:" if mode is Mode.DEMO else "")
        if not text:
            self._wrong("MAIL_URL is missing; give smtp://user:password@host:port?tls=starttls.")
            return None
        try:
            url = parse_mail_url(text)
        except ValueError as error:
            self._wrong(f"MAIL_URL cannot be read: {error}")
            return None
        if url.is_mailbox and mode is Mode.PRODUCTION:
            self._wrong("MAIL_URL is mailbox:, which reaches nobody; give a mail server.")
        return url

    def _mail_connections(self) -> int:
        text = self._text("MAIL_CONNECTIONS", "2")
        if len(text) != 1 or text not in MAIL_CONNECTIONS:
            self._wrong(f"MAIL_CONNECTIONS is {text!r}; give a number from 1 to 8.")
            return 1
        return int(text)

    def _returns_url(self) -> BoxUrl | None:
        text = self._text("RETURNS_URL", "")
        try:
            return parse_box_url(text) if text else None
        except ValueError as error:
            self._wrong(f"RETURNS_URL cannot be read: {error}")
            return None

    def _exit_url(self) -> str:
        url = self._text("EXIT_URL", "") or DEFAULT_EXIT_URL
        parts = _parts(url)
        if parts.scheme != "https" or not parts.hostname:
            self._wrong(f"EXIT_URL is {url!r}; give the https address of a plain public site.")
        return url

    def _metrics_token(self) -> str:
        token = self._text("METRICS_TOKEN", "")
        if token and (len(token) < SHORTEST_TOKEN or not token.isascii() or " " in token or not token.isprintable()):
            self._wrong(f"METRICS_TOKEN cannot be used; give at least {SHORTEST_TOKEN} letters and digits.")
        return token

    def _backup_dir(self) -> Path | None:
        text = self._text("BACKUP_DIR", "")
        if text and not Path(text).is_dir():
            self._wrong(f"BACKUP_DIR is {text}, which is no folder. Make it, for its owner alone.")
        return Path(text).absolute() if text else None

    def _backup_recipient(self) -> str:
        text = self._text("BACKUP_RECIPIENT", "")
        try:
            return str(Recipient.from_str(text)) if text else ""
        except RecipientError:
            self._wrong("BACKUP_RECIPIENT is no public key of age; it begins with age1.")
            return ""

    def _ping_url(self) -> str:
        url = self._text("PING_URL", "")
        parts = _parts(url)
        if url and not (parts.hostname and (parts.scheme == "https" or (parts.scheme, parts.hostname) in LOCAL_HTTP)):
            self._wrong("PING_URL is no https address; a ping unsealed would give it away.")
        return url

    def _mail_from(self) -> str:
        sender = self._text("MAIL_FROM", "Notes <notes@localhost>")
        try:
            wire_address(parseaddr(sender)[1] if sender.isprintable() else "")
        except ValueError:
            self._wrong(f"MAIL_FROM is {sender!r}; give an address such as Notes <notes@mail.example>.")
        return sender


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")  # of what is no address, nothing
