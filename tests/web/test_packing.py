"""Which answers travel packed, and that a browser asks for none of them twice."""

import gzip
from pathlib import Path

import pytest

from tests.factories import ON_SQLITE

pytestmark = ON_SQLITE

STATIC = Path(__file__).parents[2] / "static"
ASKED = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.mark.parametrize("name", ["app.css", "vendor/htmx-2.0.11.min.js", "favicon.svg"])
def test_a_file_is_packed_for_those_who_can_unpack_it_and_only_for_them(client, name):
    packed, plain = (client.get(f"/static/{name}", headers=asked, buffered=True) for asked in (ASKED, {}))
    assert packed.content_encoding == "gzip"
    assert packed.content_length == len(packed.data) < plain.content_length or name == "favicon.svg"
    assert gzip.decompress(packed.data) == plain.data == (STATIC / name).read_bytes()
    assert not plain.content_encoding
    assert "Accept-Encoding" in packed.vary
    assert "Accept-Encoding" in plain.vary


def test_what_a_browser_has_is_not_sent_again(client):
    tag = client.get("/static/app.css", headers=ASKED, buffered=True).headers["ETag"]
    again = client.get("/static/app.css", headers=ASKED | {"If-None-Match": tag}, buffered=True)
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("address", ["/login", "/", "/static/none.css", "/static/pictures/../../config.py"])
def test_no_page_and_no_refusal_is_packed(client, address):
    assert not client.get(address, headers=ASKED, buffered=True).content_encoding


def test_a_picture_is_packed_already(client):
    picture = next((STATIC / "pictures").glob("*.png"))
    assert not client.get(f"/static/pictures/{picture.name}", headers=ASKED, buffered=True).content_encoding
