"""What nobody sees in a file is taken out, and what cannot be read whole is refused."""

from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader

from facilitator.errors import Invalid
from facilitator.materials import cleaning
from facilitator.materials.cleaning import clean, without_segments
from tests.materials.conftest import CANARY, jpeg, pdf, png


def size_of(content):
    with Image.open(BytesIO(content)) as picture:
        return picture.size


@pytest.mark.parametrize("kind", ["pdf", "png", "jpeg"])
def test_nothing_that_nobody_sees_is_left(files, kind):
    assert CANARY in files[kind]
    _media_type, cleaned = clean(files[kind])
    assert CANARY not in cleaned
    assert CANARY.decode().encode("utf-16-be") not in cleaned
    assert not any(
        sign in cleaned for sign in (b"Exif", b"eXIf", b"iTXt", b"tEXt", b"/Annots", b"/JS", b"/EmbeddedFile")
    )


def test_a_photograph_is_turned_as_it_is_to_be_seen():
    assert size_of(clean(jpeg((60, 30)))[1]) == (30, 60)


def test_a_picture_keeps_what_shines_through():
    with Image.open(BytesIO(clean(png())[1])) as picture:
        assert picture.getpixel((0, 0)) == (1, 2, 3, 40)


def test_a_document_keeps_its_pages_its_language_and_its_pictures():
    media_type, cleaned = clean(pdf(3))
    read = PdfReader(BytesIO(cleaned))
    assert (media_type, len(read.pages), read.root_object["/Lang"]) == ("application/pdf", 3, "en")
    photo = read.pages[0]["/Resources"]["/XObject"]["/Photo"].get_object()
    assert size_of(photo._data) == (60, 30)
    assert read.metadata is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pdf(password="x"), "locked with a password"),
        (pdf()[:300], "broken"),
        (b"%PDF-1.7 nothing of the kind", "broken"),
        (png()[:40], "broken"),
        (jpeg()[:40], "broken"),
        (b"\x89PNG\r\n\x1a\n<script>", "broken"),
        (b"\xff\xd8\xff" + b"<html>" * 9, "broken"),
        (b"<svg onload='x'/>", "Choose a PDF"),
    ],
)
def test_what_cannot_be_read_whole_is_refused_in_plain_words(content, words):
    with pytest.raises(Invalid, match=words) as caught:
        clean(content)
    assert caught.value.field == "file"


@pytest.mark.parametrize(
    ("limit", "value", "content", "words"),
    [
        ("MOST_PIXELS", 100, png((20, 20)), "million points"),
        ("MOST_PAGES", 1, pdf(2), "at most 1 pages"),
        ("LARGEST_FILE", 100, png(), "MB"),
    ],
)
def test_what_is_larger_than_anybody_needs_is_refused(monkeypatch, limit, value, content, words):
    monkeypatch.setattr(cleaning, limit, value)
    with pytest.raises(Invalid, match=words):
        clean(content)


def test_a_small_file_that_unfolds_into_a_huge_picture_is_refused_before_it_is_drawn():
    out = BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    assert len(out.getvalue()) < 500_000
    with pytest.raises(Invalid):
        clean(out.getvalue())


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe0\x00\x02", b"GIF89a"])
def test_segments_are_taken_out_of_pictures_alone(content):
    with pytest.raises(ValueError, match="JPEG"):
        without_segments(content)
