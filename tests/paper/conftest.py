"""Fixtures of paper: an evening whose questions can be released, and every paper that is typeset in a test."""

import pytest

from facilitator.paper import typesetting, views_pdf
from tests import evening


@pytest.fixture
def stage(config, database, now):
    return evening.begin(config, database, now)


@pytest.fixture
def alice(stage):
    return stage.client("alice")


@pytest.fixture
def typeset_words(monkeypatch):
    """What was handed to be typeset, as (template, words), in order."""
    found = []

    def keep(sheet, words):
        found.append((sheet, words))
        return typesetting.typeset(sheet, words)

    monkeypatch.setattr(views_pdf, "typeset", keep)
    return found
