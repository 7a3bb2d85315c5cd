"""Reads pages as a browser does: the fields of a form, so that a test presses a button and nothing else.

And finds what stands in the sessions of the evening, counted from 1; the third is on fear, with both sides.
"""

import re
from html.parser import HTMLParser

from sqlalchemy import select

from facilitator.planning.models import Assignment, GroupSession, Segment


class FormReader(HTMLParser):
    """Collects what every form of a page would send, by its action."""

    def __init__(self):
        super().__init__()
        self.forms, self._named, self._form, self._select, self._area = {}, {}, None, None, None

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "form":
            self._form = self.forms.setdefault(found.get("action", ""), [])
            self._named[found.get("id")] = self._form
        elif tag == "input" and "form" in found:
            self._named[found["form"]].append((found["name"], found.get("value", "")))
        elif self._form is None:
            return
        elif tag == "input" and found.get("name"):
            boxed = found.get("type") in ("radio", "checkbox")
            if not boxed or "checked" in found:
                self._form.append((found["name"], found.get("value", "on" if boxed else "")))
        elif tag == "select":
            self._select = [found["name"], None]
        elif tag == "option" and self._select and (self._select[1] is None or "selected" in found):
            self._select[1] = found.get("value", "")
        elif tag == "textarea":
            self._area = [found["name"], ""]

    def handle_data(self, data):
        if self._area:
            self._area[1] += data

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "select" and self._select and self._form is not None:
            self._form.append(tuple(self._select))
            self._select = None
        elif tag == "textarea" and self._area:
            self._form.append((self._area[0], self._area[1].removeprefix("\r\n").removeprefix("\n")))
            self._area = None


def read_form(response, action):
    """Return what the form with this action would send: {name: [values]}."""
    reader = FormReader()
    reader.feed(response.text)
    sent = {}
    for name, value in reader.forms[action]:
        sent.setdefault(name, []).append(value)
    return sent


def press(client, response, action, **changes):
    """Send the form of a page as it stands, with these fields typed over or pressed."""
    sent = read_form(response, action) | {name: [value] for name, value in changes.items()}
    return client.post(action, data=sent)


def path(stage, number=3):
    return f"/sessions/{stage.session_ids[number - 1]}"


def segment_id(stage, kind, number=3):
    with stage.database.read() as db:
        found = select(Segment.id).where(Segment.session_id == stage.session_ids[number - 1], Segment.kind == kind)
        return db.scalars(found).one()


def part(stage, kind, number=3):
    return f"{path(stage, number)}/segments/{segment_id(stage, kind, number)}"


def filling(stage, kind, number=3):
    with stage.database.read() as db:
        return db.get(Assignment, segment_id(stage, kind, number))


def session(stage, number=3):
    with stage.database.read() as db:
        return db.get(GroupSession, stage.session_ids[number - 1])


def offers(response):
    """The ids of the prompts or exercises that a swap page offers, in order."""
    return re.findall(r'name="choice" value="([^"]+)"', response.text)
