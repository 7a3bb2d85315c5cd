"""What every page keeps to: valid HTML, nothing inline that the content security policy refuses, names that lead somewhere."""

from collections import Counter
from functools import lru_cache
from itertools import pairwise

import html5lib

SANDBOX = "sandbox"  # the demo mailbox shows foreign text under a policy of its own


def check_page(response) -> None:
    """Fail when a page has a fault; anything that is no page passes."""
    if response.mimetype != "text/html" or response.status_code in {301, 302, 303, 308} or not response.data:
        return
    if SANDBOX in response.headers.get("Content-Security-Policy", ""):
        return
    faults = list_faults(response.text)
    assert not faults, f"{response.request.path}: {'; '.join(faults)}"


@lru_cache(maxsize=1024)
def list_faults(text: str) -> list[str]:
    """Return every fault of a page, one sentence each."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(text)
    # what was typed is given back as it was, characters that no keyboard has among it
    errors = [error for error in parser.errors if error[1] != "invalid-codepoint"]
    faults = [f"line {line}: {code} {values}" for (line, _column), code, values in errors]
    elements = [element for element in tree.iter() if isinstance(element.tag, str)]
    faults += [fault for element in elements for fault in _inline(element)]
    ids = Counter(element.get("id") for element in elements if element.get("id"))
    faults += [f"the id {name} stands {count} times" for name, count in ids.items() if count > 1]
    labels = {element.get("for") for element in elements if element.tag == "label"}
    for element in elements:
        for attribute in ("for", "aria-labelledby", "aria-describedby"):
            faults += [
                f"{attribute} names {name}" for name in (element.get(attribute) or "").split() if name not in ids
            ]
        faults += _nameless(element, labels)
    return faults + _outline(elements)


def _inline(element) -> list[str]:
    found = [f"<{element.tag} {name}>" for name in element.attrib if name == "style" or name.startswith("on")]
    if element.tag == "style" or (element.tag == "script" and not element.get("src")):
        found.append(f"inline <{element.tag}>")
    if (element.get("href") or element.get("src") or "").lower().startswith("javascript:"):
        found.append("a javascript: address")
    return found


def _nameless(element, labels) -> list[str]:
    """Return form controls that have no name people could read or hear."""
    if element.tag not in {"input", "select", "textarea"} or element.get("type") in {"hidden", "submit"}:
        return []
    named = element.get("id") in labels or element.get("aria-label") or element.get("aria-labelledby")
    return [] if named else [f"the control {element.get('name')} has no label"]


def _outline(elements) -> list[str]:
    tags = Counter(element.tag for element in elements)
    faults = [f"{tags[tag]} <{tag}>" for tag in ("h1", "title", "main") if tags[tag] != 1]
    headings = [int(element.tag[1]) for element in elements if element.tag in {"h1", "h2", "h3", "h4", "h5", "h6"}]
    faults += [f"h{deep} follows h{above}" for above, deep in pairwise(headings) if deep > above + 1]
    return faults
