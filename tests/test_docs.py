"""The front door says what is true: settings, verbs, pictures, places and limits named in the README exist."""

import argparse
import re
from pathlib import Path

import pytest

from config import PREFIX
from facilitator import cli
from facilitator.planning.forms import STEPS

TOP = Path(__file__).resolve().parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
CONFIG = (TOP / "config.py").read_text(encoding="utf-8")


def read_settings() -> set[str]:
    """The names that config.py reads, found in its own words."""
    return {PREFIX + name for name in re.findall(r'self\._(?:text|flag|key)\("([A-Z_]+)"', CONFIG)}


def list_verbs() -> set[str]:
    actions = cli._parser()._actions
    return {verb for action in actions if isinstance(action, argparse._SubParsersAction) for verb in action.choices}


def test_every_setting_that_is_read_is_in_the_readme_and_no_other():
    read, named = read_settings(), set(re.findall(r"FACILITATOR_[A-Z_]+", README))
    assert len(read) >= 8
    assert named == read


def test_every_verb_is_in_the_readme():
    assert not [verb for verb in list_verbs() if verb not in README]


def test_every_verb_that_the_readme_names_exists():
    named = set(re.findall(r"(?:python -m facilitator|…) ([a-z][a-z-]+)", README))
    assert named
    assert named <= list_verbs()


@pytest.mark.parametrize("place", re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README))
def test_every_picture_of_the_readme_is_there(place):
    assert (TOP / place).stat().st_size > 10_000


def test_the_house_in_the_readme_is_the_house_that_stands():
    drawing = README.split("## The house")[1].split("## What we promise")[0]
    packages = {path.parent.name for path in (TOP / "facilitator").glob("*/__init__.py")}
    assert packages <= set(re.findall(r"([a-z]+)/", drawing))


def test_the_main_job_names_every_step_of_the_wizard_and_the_consent_of_the_people():
    job = README.split("## The main job")[1].split("\n## ")[0]
    planning = job.split("**Plan a series**")[1].split("\n5. ")[0]
    assert [step for step in STEPS if step not in planning] == []
    assert "four steps" in planning
    assert "agreed" in job.split("**Add people**")[1].split("\n4. ")[0]


def test_no_page_of_the_project_names_how_it_is_worked_on():
    words = re.compile(r"/work/|helper-\d|\bissue [A-G]\b", re.IGNORECASE)
    texts = [
        *TOP.glob("*.md"),
        *TOP.glob("*.py"),
        *(TOP / "facilitator").rglob("*.py"),
        *(TOP / "templates").rglob("*.html"),
    ]
    assert not [str(path) for path in texts if words.search(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("section", "least"), [("What we promise about mail", 12), ("What nobody can find out", 15)])
def test_every_promise_names_a_test_that_stands(section, least):
    words = README.split(f"## {section}\n")[1].split("\n## ")[0]
    promises = [line for line in words.splitlines() if line.startswith("|")][2:]
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", words)
    assert len(promises) == len(named) >= least
    for file, name in named:
        assert f"\ndef {name}(" in (TOP / file).read_text(encoding="utf-8"), (file, name)
