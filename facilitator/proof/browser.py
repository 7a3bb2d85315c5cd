"""A browser of the proof: one person's device, with its own address, name and language, that opens pages and presses.

It knows of the application what a person sees of it: the pages. It must never call a view or a service.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from werkzeug.test import Client, TestResponse

CHECKED = ("radio", "checkbox")
LAST_GOOD = 399  # HTTP status codes above it say that something went wrong


class PageError(Exception):
    """Say that a page of the evening did not answer as people need it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What a server could tell one device from another by."""

    address: str
    agent: str
    language: str = "en"


@dataclass(slots=True)
class Form:
    """One form of a page: where it leads, what stands in it before anything is typed, and what there is to choose from."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form that is to be sent, and what stands in it."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and values.get("method", "").lower() == "post":
            self._open = Form(values.get("action", ""))
            self.found.append(self._open)
        elif tag == "input" and self._open is not None and "name" in values:
            self._note(self._open, values)

    @staticmethod
    def _note(form: Form, values: dict[str, str]) -> None:
        name, value = values["name"], values.get("value", "")
        if values.get("type") == "radio":
            form.choices.setdefault(name, []).append(value)
        if values.get("type") not in CHECKED or "checked" in values:  # a choice is sent only when it is made
            form.fields[name] = value

    def handle_endtag(self, tag: str) -> None:
        """Note that a form ends."""
        if tag == "form":
            self._open = None


FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)


class Browser:
    """Opens pages and presses buttons.

    Args:
        app: the application, called as a server calls it.
        base_url: the address under which people reach it.
        device: what the server could tell it by.
    """

    def __init__(self, app: Any, base_url: str, device: Device) -> None:
        self._client = Client(app)
        self._base_url = base_url
        self._called_at = "http://" + base_url.partition("://")[2]  # what speaks HTTPS stands in front of the program
        self._device = device

    def open(self, path: str, *, more_headers: Sequence[tuple[str, str]] = (), **options: Any) -> TestResponse:
        """Send one request and return the answer, whatever it is."""
        response = self._client.open(
            path.removeprefix(self._base_url),
            base_url=self._called_at,
            environ_base={"REMOTE_ADDR": self._device.address},
            headers=[("User-Agent", self._device.agent), ("Accept-Language", self._device.language), *more_headers],
            **options,
        )
        response.get_data()
        return response

    def read(self, path: str) -> str:
        """Open a page and return its text.

        Raises:
            PageError: when it answers with an error.
        """
        return _good(self.open(path), path).text

    def press(self, path: str, action: str, **typed: str) -> TestResponse:
        """Open a page, fill in the form that leads to an address, and send it.

        Args:
            path: the page.
            action: how the address of the form ends.
            typed: what is typed or pressed, by name.

        Raises:
            PageError: when there is no such form, or it is refused.
        """
        form = self._find(path, action)
        return _good(self.open(form.action, method="POST", data=form.fields | typed), action)

    def choose(self, path: str, action: str, turn: int) -> TestResponse:
        """Open a page, choose an answer to each question of the form that leads to an address, and send it.

        Args:
            path: the page.
            action: how the address of the form ends.
            turn: which of the answers, from 0; after the last comes the first again.

        Raises:
            PageError: when there is no such form, or it is refused.
        """
        form = self._find(path, action)
        chosen = {name: values[turn % len(values)] for name, values in form.choices.items()}
        return _good(self.open(form.action, method="POST", data=form.fields | chosen), action)

    def _find(self, path: str, action: str) -> Form:
        parser = _Forms()
        # the forms alone: an evening reads many pages, and most of a page is not one
        for form in FORM.findall(self.read(path)):
            parser.feed(form)
        found = next((form for form in parser.found if form.action.endswith(action)), None)
        if found is None:
            raise PageError(f"{_route(path)} has no form that leads to {_route(action)}")
        return found

    def keep_cookie(self, name: str, value: str) -> None:
        """Put a cookie into the jar, as an earlier visit would have."""
        self._client.set_cookie(name, value, domain=self._base_url.partition("://")[2].partition(":")[0])

    def cookie(self, name: str) -> str:
        """Return what a cookie of the jar holds, or an empty string."""
        kept = self._client.get_cookie(name, domain=self._base_url.partition("://")[2].partition(":")[0])
        return kept.value if kept else ""


def _good(response: TestResponse, path: str) -> TestResponse:
    if response.status_code > LAST_GOOD:
        raise PageError(f"{_route(path)} answered {response.status_code}")
    return response


def _route(path: str) -> str:
    """Return a path without what stands for one thing in it: words of a proof hold no token."""
    return re.sub(r"[\w-]{22}", "…", path)
