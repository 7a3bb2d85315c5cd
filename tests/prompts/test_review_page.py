"""A reviewer approves the wording that was read, with role and date on record and no name."""

import pytest
from sqlalchemy import select

from facilitator.accounts.models import Role
from facilitator.prompts.models import PromptVersion

PROMPT = "fear-checkin-both-1"
ROLE = "clinical psychologist"


@pytest.fixture
def library(house):
    house.plan()
    return house


def version(house):
    with house.read() as db:
        return db.scalar(select(PromptVersion).where(PromptVersion.prompt_id == PROMPT))


def make_reviewer(house):
    with house.change() as db:
        house.account(db, "alice").role = Role.REVIEWER


def press(house, **values):
    return house.client().post(f"/prompts/{PROMPT}/review", data={"version_id": version(house).id, **values})


def test_a_reviewer_approves_and_takes_the_review_back(library):
    make_reviewer(library)
    assert press(library, do="approve", role=ROLE).status_code == 303
    kept = version(library)
    assert (kept.status, kept.reviewed_by_role, kept.reviewed_on) == ("reviewed", ROLE, library.clock().date())
    assert "Take the review back" in library.client().get(f"/prompts/{PROMPT}").text
    assert press(library, do="withdraw").status_code == 303
    assert (version(library).status, version(library).reviewed_by_role) == ("draft", "")


def test_a_review_without_a_role_is_not_kept(library):
    make_reviewer(library)
    answer = press(library, do="approve", role=" ")
    assert answer.status_code == 422
    assert "Enter the reviewer" in answer.text
    assert version(library).status == "draft"


def test_a_facilitator_cannot_approve(library):
    assert "Approve this wording" not in library.client().get(f"/prompts/{PROMPT}").text
    assert press(library, do="approve", role=ROLE).status_code == 403
    assert version(library).status == "draft"
