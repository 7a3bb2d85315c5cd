"""The reading of pages finds what it is there to find."""

import pytest

from tests.web.html import list_faults


@pytest.mark.parametrize(
    ("fault", "written"),
    [
        ("<p style>", "<p style='color: red'>x</p>"),
        ("<p onclick>", "<p onclick='go()'>x</p>"),
        ("inline <script>", "<script>go()</script>"),
        ("inline <style>", "<style>p {}</style>"),
        ("a javascript: address", "<a href='javascript:go()'>x</a>"),
        ("the id x stands 2 times", "<p id='x'></p><p id='x'></p>"),
        ("for names y", "<label for='y'>x</label>"),
        ("the control z has no label", "<input name='z'>"),
        ("h4 follows h1", "<h4>x</h4>"),
        ("2 <h1>", "<h1>x</h1>"),
        ("unexpected-end-tag", "<p>x</b></p>"),
    ],
)
def test_the_reading_of_a_page_finds(fault, written):
    whole = f"<!doctype html><html lang='en'><head><title>x</title></head><body><main><h1>x</h1>{written}</main></body></html>"
    assert any(fault in found for found in list_faults(whole))
    assert list_faults(whole.replace(f"{written}</main>", "</main>")) == []
