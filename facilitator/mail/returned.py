"""Reads returned mail: a mail server's report that a message came back, or waits (RFC 3464).

Pure, and whatever bytes come in, it answers. A report names the recipient in several places and quotes the message;
none of that is kept: what goes out are the marks that we set ourselves, actions and codes.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string, policy
from email.message import Message
from enum import StrEnum
from typing import TypeAlias

Part: TypeAlias = "Message[str, str]"  # only its stubs know the parameters

LONGEST_MARK = 200  # characters of an identification; ours are far shorter
MOST_RECIPIENTS = 50
STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status")  # RFC 3464 §2.1, RFC 6533 §3
WHOLE_PARTS = ("message/rfc822", "message/global")
HEADER_PARTS = ("text/rfc822-headers", "message/global-headers")  # RFC 6522 §4, RFC 6533 §5
REPORT_TYPE = "multipart/report"
_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?![\d.])")  # RFC 3463 §2; a comment may follow
# after the type, some write the code behind the three digits, with a sign or none: "smtp; 550-5.1.1", "550 #5.1.0"
_SAID = re.compile(r"[^;]{0,40};\s*(?:[245]\d\d[ -])?\s*#?([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_MARK = re.compile(r"<([^<>\s]+)>")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")  # RFC 3461 §4
_BLANK_LINES = re.compile(r"\r?\n[ \t]*\r?\n")
_DAEMON = re.compile(r"mailer-daemon|postmaster|mail delivery (?:sub)?system", re.IGNORECASE)


class Kind(StrEnum):
    """What a mail is."""

    REPORT = "report"
    UNREADABLE = "unreadable"  # a mail server wrote it, in a form that no program can rely on
    OTHER = "other"


class Action(StrEnum):
    """What became of the message for one recipient, RFC 3464 §2.3.3."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What a report says of one recipient, whose address is not kept.

    Args:
        action: what became of the message.
        status: the code by which the reporting server sums it up ("5.1.1"), or an empty string.
        said: the code that the refusing server said itself, or an empty string.
    """

    action: Action
    status: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One mail as far as it was understood.

    Args:
        kind: what it is; all else is empty unless it is a report.
        envelope_id: the mark that was handed over with the message (RFC 3461), or an empty string.
        message_id: that of the returned message, without brackets, or an empty string.
        recipients: what became of the message, one for each recipient.
    """

    kind: Kind
    envelope_id: str = ""
    message_id: str = ""
    recipients: tuple[Returned, ...] = ()


def read_report(raw: bytes) -> Report:
    """Return what a mail reports; a mail that cannot be read at all is no report."""
    try:
        return _read(message_from_bytes(raw, policy=policy.compat32))
    except Exception:  # noqa: BLE001 - a stranger's bytes reach far into the library; at most this one mail is not read
        return Report(kind=Kind.OTHER)


def _read(mail: Part) -> Report:
    parts = list(_parts(mail))
    status = next((part for part in parts if part.get_content_type() in STATUS_PARTS), None)
    blocks = list(_blocks(status)) if status is not None else []
    recipients = tuple(_recipients(blocks))
    if not recipients:
        return Report(kind=Kind.UNREADABLE if _is_by_a_server(mail) else Kind.OTHER)
    return Report(
        kind=Kind.REPORT,
        envelope_id=next((_envelope_id(block) for block in blocks if block["Original-Envelope-Id"]), ""),
        message_id=_returned_id(parts) or _answered_id(mail),
        recipients=recipients,
    )


def _parts(mail: Part) -> Iterator[Part]:
    """Give the parts of a mail, but nothing of a mail that is enclosed in it."""
    waiting = [mail]
    while waiting:
        part = waiting.pop(0)
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting[:0] = _inside(part)
        else:
            yield part


def _inside(part: Part) -> list[Part]:
    payload = part.get_payload()
    return [inner for inner in payload if isinstance(inner, Message)] if isinstance(payload, list) else []


def _blocks(part: Part) -> Iterator[Part]:
    """Give the fields of a report: those about the message, then those about each recipient."""
    for block in _inside(part)[: MOST_RECIPIENTS + 1]:
        yield block
        # the library knows the older type alone; of the newer one it takes the later blocks for the text of the first
        for text in _BLANK_LINES.split(str(block.get_payload()))[:MOST_RECIPIENTS]:
            yield message_from_string(text.lstrip())


def _recipients(blocks: Iterable[Part]) -> Iterator[Returned]:
    for block in blocks:
        action = str(block["Action"] or "").partition("(")[0].strip().lower()
        if action in set(Action):
            status = _STATUS.match(str(block["Status"] or ""))
            said = _SAID.match(_unfolded(block["Diagnostic-Code"]))
            yield Returned(action=Action(action), status=status[1] if status else "", said=said[1] if said else "")


def _envelope_id(block: Part) -> str:
    text = _XTEXT.sub(lambda found: chr(int(found[1], 16)), str(block["Original-Envelope-Id"]))
    return text.strip().strip("<>")[:LONGEST_MARK]


def _returned_id(parts: Iterable[Part]) -> str:
    """Return the Message-ID of the message that came back, whole or as its headers alone."""
    heads: list[Part] = []
    for part in parts:
        if part.get_content_type() in WHOLE_PARTS + HEADER_PARTS:
            content = part.get_payload(decode=True)
            heads += _inside(part) or [message_from_bytes(content if isinstance(content, bytes) else b"")]
    return next((found for head in heads if (found := _mark(head["Message-ID"]))), "")


def _answered_id(mail: Part) -> str:
    """Return the message that a report says it answers; Exim and Exchange do so when they leave the message out."""
    return _mark(mail["In-Reply-To"]) or _mark(mail["References"])


def _mark(value: object) -> str:
    found = _MARK.findall(_unfolded(value))
    return found[-1][:LONGEST_MARK] if found else ""


def _unfolded(value: object) -> str:
    return " ".join(str(value or "").split())


def _is_by_a_server(mail: Part) -> bool:
    """Tell whether a mail is a mail server's although it holds no report, as qmail and many others write it."""
    return (
        (mail.get_content_type() == REPORT_TYPE and str(mail.get_param("report-type")).lower() == "delivery-status")
        or str(mail["Return-Path"] or "").strip() == "<>"
        or bool(mail["X-Failed-Recipients"])
        or bool(_DAEMON.search(str(mail["From"] or "")))
    )
