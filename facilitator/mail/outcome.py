"""What became of one hand-over: a value, with everything a decision about a repeat rests on.

The line that matters is the terminating dot. Before it the server has nothing, so a broken connection is certainly
unsent; after it, only a reply that was read tells (RFC 1047, RFC 5321 §4.5.3.2.6). This module is pure and must
never do I/O, nor keep an address: servers like to repeat it in their replies.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

TEXT_LENGTH = 200  # characters of a reply that are kept
SERVICE_CLOSING = 421
GO_ON = 354
SIGN_IN_CODES = frozenset({530, 534, 535, 538})  # RFC 4954 §6

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")  # RFC 3463 §2
_ADDRESS = re.compile(r"<?[^\s<>,;:\"']+@[^\s<>,;:\"']+>?")


class Phase(StrEnum):
    """How far the conversation had come."""

    CONNECT = "connect"
    HELO = "helo"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"
    REPLY = "reply"


AFTER_THE_DOT = frozenset({Phase.DOT, Phase.REPLY})


class OutcomeKind(StrEnum):
    """What is known about the message."""

    ACCEPTED = "accepted"  # the server answered 2xx to the dot
    REFUSED = "refused"  # a 5xx about this message: do not repeat it unchanged
    DEFERRED = "deferred"  # a 4xx about this message: try again later
    CHANNEL = "channel"  # the way to the server is at fault, not the message; certainly unsent
    ABANDONED = "abandoned"  # we withheld the dot ourselves; certainly unsent
    UNKNOWN = "unknown"  # the dot left and no answer came


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of one hand-over.

    Args:
        kind: what is known.
        phase: the step that decided it.
        code: the three-digit reply, or 0 when none was read.
        enhanced: the RFC 3463 code ("5.1.1"), or an empty string.
        text: the reply or the error in at most 200 characters, without any address.
    """

    kind: OutcomeKind
    phase: Phase
    code: int = 0
    enhanced: str = ""
    text: str = ""


def hide_address(reply: bytes, address: str) -> bytes:
    """Return a reply without the local part of an address as a word of its own: "User pat unknown" names a person."""
    local = re.escape(address.rpartition("@")[0].strip('"'))
    word = rf"(?<![\w.+-]){local}(?![\w+-]|\.\w)"
    return re.sub(word.encode(), b"[address]", reply, flags=re.IGNORECASE) if local else reply


def judge_reply(phase: Phase, code: int, reply: bytes, recipient: str) -> Outcome | None:
    """Return what a reply means in a phase, or None when it is the good one; whom it names is not kept.

    A 421 and a demand to sign in speak of the channel wherever they come. A refused MAIL FROM speaks of us and not
    of the recipient, so it is the channel's as well, like everything before it.
    """
    good = code == GO_ON if phase is Phase.DATA else code // 100 == 2  # noqa: PLR2004 - RFC 5321 §4.2.1
    return None if good else _outcome(_bad_kind(phase, code), phase, code, hide_address(reply, recipient))


def judge_last_reply(code: int, reply: bytes, recipient: str) -> Outcome:
    """Return what the reply to the dot means; it always decides."""
    refusal = judge_reply(Phase.REPLY, code, reply, recipient)
    return refusal or _outcome(OutcomeKind.ACCEPTED, Phase.REPLY, code, hide_address(reply, recipient))


def judge_break(phase: Phase, error: BaseException) -> Outcome:
    """Return what a broken conversation means: unknown once the dot may have left, the channel's fault before."""
    kind = OutcomeKind.UNKNOWN if phase in AFTER_THE_DOT else OutcomeKind.CHANNEL
    code = getattr(error, "smtp_code", 0)
    if phase in AFTER_THE_DOT or not isinstance(code, int) or code < 0:
        code = 0  # smtplib makes up a 500 for an endless line; it is no answer to the dot
    return _outcome(kind, phase, code, _spoken(error).encode())


def _spoken(error: BaseException) -> str:
    said = getattr(error, "smtp_error", None)
    if isinstance(said, bytes):
        return said.decode(errors="replace")
    return str(error) or type(error).__name__


def _bad_kind(phase: Phase, code: int) -> OutcomeKind:
    about_the_message = phase in {Phase.RCPT, Phase.DATA, Phase.REPLY}
    if code == SERVICE_CLOSING or code in SIGN_IN_CODES or not about_the_message:
        return OutcomeKind.CHANNEL
    by_class = {4: OutcomeKind.DEFERRED, 5: OutcomeKind.REFUSED}
    # an answer that is none: nothing was handed over before the dot, nobody can tell after it
    return by_class.get(code // 100, OutcomeKind.UNKNOWN if phase is Phase.REPLY else OutcomeKind.CHANNEL)


def _outcome(kind: OutcomeKind, phase: Phase, code: int, reply: bytes) -> Outcome:
    text = reply.decode(errors="replace")
    found = _ENHANCED.match(text)
    return Outcome(kind=kind, phase=phase, code=max(code, 0), enhanced=found.group() if found else "", text=_tidy(text))


def _tidy(text: str) -> str:
    printable = "".join(c if c.isprintable() else " " for c in text)
    return _ADDRESS.sub("[address]", " ".join(printable.split()))[:TEXT_LENGTH]
