"""Every pair of colours that is used together keeps WCAG 2.2 contrast, in the light theme and in the dark one."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "static" / "app.css").read_text()
TOKENS = {name: pair for name, *pair in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", CSS)}
FALLBACK = dict(re.findall(r"--([\w-]+): (#\w+)", CSS[CSS.index("@supports not (color: light-dark") :].split("}")[0]))
THEMES = ("light", "dark")
SURFACES = ("page", "card", "sunk", "tint", "warn-bg", "bad-bg")
FOCUSES = ("fear", "shame", "power", "vuln")

TEXT = [
    *((text, surface) for text in ("ink", "soft", "accent") for surface in SURFACES),
    *((state, surface) for state in ("good", "warn", "bad") for surface in ("page", "card", "tint")),
    *(("letter", focus) for focus in FOCUSES),
    ("on-accent", "accent"),
    ("page", "ink"),
    ("warn", "warn-bg"),
    ("bad", "bad-bg"),
    ("bad", "warn-bg"),
]
# the ring of the focus stands two pixels off, so it always meets a surface and never the control itself
MARKS = [(mark, surface) for mark in (*FOCUSES, "edge", "focus", "accent") for surface in ("card", "page", "tint")]


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_knows_the_largest_and_the_smallest_contrast():
    assert round(_contrast("#000", "#ffffff"), 1) == 21.0
    assert _contrast("#123456", "#123456") == 1.0


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "surface"), TEXT)
def test_text_can_be_read(text, surface, theme):
    at = THEMES.index(theme)
    assert _contrast(TOKENS[text][at], TOKENS[surface][at]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("mark", "surface"), MARKS)
def test_a_mark_or_the_edge_of_a_control_can_be_seen(mark, surface, theme):
    at = THEMES.index(theme)
    assert _contrast(TOKENS[mark][at], TOKENS[surface][at]) >= 3


def test_a_browser_without_light_dark_gets_every_colour_of_the_light_theme():
    assert {name: pair[0] for name, pair in TOKENS.items()} == FALLBACK
