"""Every page of facilitators and participants is markup in which the Nu HTML checker finds no error."""

import pytest

from tests.browser.conftest import sign_in
from tests.browser.scene import list_pages
from tests.browser.test_pages import list_addresses
from tests.markup import list_faults

pytestmark = pytest.mark.browser
LANGUAGES = ("en", "es")
BAD = (
    "<!doctype html><html lang=en><head><title>Words</title></head><body><p><div id=a></div><i id=a></i></body></html>"
)


def test_the_checker_finds_no_error_on_any_page(chromium, program, tmp_path):
    context = chromium.new_context(base_url=program.url, locale="en-GB")
    pages = {"/login": context.request.get("/login").text()}
    for language in LANGUAGES:
        heard = {"Accept-Language": language}
        addresses = list_pages(program, language)
        pages |= {f"{language} {name}": context.request.get(at, headers=heard).text() for name, at in addresses.items()}
        reading = context.request.post(f"{addresses['coming']}/read", headers=heard)
        refused = context.request.post(addresses["messages"], form={"do": "save", "wording": "vague"}, headers=heard)
        assert (reading.status, refused.status) == (200, 422)
        pages |= {f"{language} reading": reading.text(), f"{language} refused": refused.text()}
    page = context.new_page()
    sign_in(page)
    pages |= {address: context.request.get(address).text() for address in [*list_addresses(page), "/nowhere"]}
    context.close()
    found = list_faults(tmp_path, pages)
    assert found == [], "\n".join(found)


def test_the_checker_names_what_is_wrong(tmp_path):
    assert {fault.split(":")[0] for fault in list_faults(tmp_path, {"/bad": BAD})} == {"/bad"}
