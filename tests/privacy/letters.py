"""The mail of an evening as it was delivered, and every address that stands anywhere in it."""

import re
from email import message_from_bytes, policy
from html import unescape

from facilitator.proof.stage import SPOOL

URL = re.compile(r"https?://[^\s<>\"']+")


def read_letters(stage):
    """Return every message that was delivered, by arrival."""
    paths = sorted((stage.folder / SPOOL).glob("*.eml"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]


def text_of(letter):
    return letter.get_body(("plain",)).get_content()


def html_of(letter):
    return letter.get_body(("html",)).get_content()


def recipient(letter):
    return letter["Delivered-To"]


def urls_of(letter):
    """Return every address in the text, the HTML and the headers of a message."""
    places = [text_of(letter), unescape(html_of(letter)), *map(str, letter.values())]
    return sorted({url for place in places for url in URL.findall(place)})
