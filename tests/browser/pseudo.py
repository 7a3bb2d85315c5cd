"""A language that nobody speaks: every word of the program longer by two fifths and in letters of its own.

What stands on a page without such a letter was not given to the translators.
"""

import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from tests.test_translations import extract

LETTERS = str.maketrans("aeiouAEIOUnN", "ȧḗīǿŭȦḖĪǾŬṅṄ")
MARKS = "ȧḗīǿŭȦḖĪǾŬṅṄ"
KEPT = re.compile(r"(%\(\w+\)s|%%|\{\w*\}|<[^>]*>|&\w+;)")
PADDING = "lǿṅgḗr wǿrds hḗrḗ ȧṅd thḗrḗ "
LONGER = 0.4
DATE_PATTERN = re.compile(r"[dMEyHmLQ]{1,5}([ .,:/’']+(de|[dMEyHmLQ]{1,5}))*")  # CLDR letters, not words


def disguise(text: str) -> str:
    """Return a text in the letters of the language, with what is filled in later left as it is."""
    if DATE_PATTERN.fullmatch(text.replace("'de'", "de")):
        return text
    parts = KEPT.split(text)
    told = "".join(part if at % 2 else part.translate(LETTERS) for at, part in enumerate(parts))
    more = max(2, round(len(text) * LONGER))
    return f"{told} {(PADDING * (more // len(PADDING) + 1))[:more].strip()}"


def write_catalogue(folder: Path, language: str) -> None:
    """Write the whole program's words under the name of a language that it knows."""
    words = Catalog(locale=language)
    for message in extract():
        if isinstance(message.id, str):
            words.add(message.id, disguise(message.id))
        elif message.id:
            words.add(message.id, tuple(disguise(message.id[-1]) for _form in range(words.num_plurals)))
    path = folder / language / "LC_MESSAGES" / "messages.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, words)
