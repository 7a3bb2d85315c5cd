"""From when a material may be read, what is taken for a file, and by what name it is handed out."""

from datetime import UTC, datetime

import pytest

from facilitator.errors import Invalid
from facilitator.materials.rules import find_media_type, neutral_name, released_at

LONDON = "Europe/London"
STARTS, ENDS = datetime(2027, 3, 29, 17, 30, tzinfo=UTC), datetime(2027, 3, 29, 19, tzinfo=UTC)  # 18:30 in summer time


@pytest.mark.parametrize(
    ("release", "days", "at"),
    [
        ("start", 3, STARTS),
        ("end", 3, ENDS),
        ("before", 0, datetime(2027, 3, 29, 8, tzinfo=UTC)),
        ("before", 1, datetime(2027, 3, 28, 8, tzinfo=UTC)),  # the clocks went on that night
        ("before", 2, datetime(2027, 3, 27, 9, tzinfo=UTC)),
        ("before", 14, datetime(2027, 3, 15, 9, tzinfo=UTC)),
    ],
)
def test_it_is_released_on_the_clock_of_the_session(release, days, at):
    assert released_at(release, days, STARTS, ENDS, LONDON) == at


def test_a_session_before_nine_releases_on_the_day_at_its_start():
    starts = datetime(2027, 3, 29, 6, tzinfo=UTC)
    assert released_at("before", 0, starts, ENDS, LONDON) == starts


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(b"%PDF-1.7\n", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg")],
)
def test_a_file_is_what_its_first_bytes_say(content, media_type):
    assert find_media_type(content) == media_type


@pytest.mark.parametrize("content", [b"", b"<svg xmlns=''/>", b"<html>", b"PK\x03\x04", b"GIF89a", b" %PDF-1.7", b"MZ"])
def test_other_files_are_refused_in_plain_words(content):
    with pytest.raises(Invalid, match="Choose a PDF, a PNG or a JPEG") as caught:
        find_media_type(content)
    assert caught.value.field == "file"


def test_names_of_files_say_nothing():
    names = [neutral_name(2, media_type) for media_type in ("application/pdf", "image/png", "image/jpeg")]
    assert names == ["page-2.pdf", "image-2.png", "image-2.jpg"]
