"""A full series of every pathway is planned in either language, with prompts and exercises of that language alone."""

from datetime import date

import pytest
from sqlalchemy import select

from facilitator.curriculum.service import catalogue, editions
from facilitator.planning.models import Assignment, Segment
from facilitator.prompts.models import PromptVersion
from tests.factories import make_group, make_series
from tests.worlds import shelve

PATHWAYS = [(language, pathway.id) for language in editions() for pathway in catalogue(language).pathways]


@pytest.mark.parametrize(("language", "pathway_id"), PATHWAYS)
def test_a_series_keeps_to_the_language_of_its_group(db, alice, now, language, pathway_id):
    shelve(db, None)
    pathway = catalogue(language).pathway(pathway_id)
    group = make_group(db, alice, now, language=language, kind=pathway.group_kind)
    _, sessions = make_series(db, group, now, pathway_id=pathway_id, first_on=date(2027, 1, 4))
    assert [session.title for session in sessions] == [step.title for step in pathway.sessions]
    segments = db.execute(
        select(Segment.phase, Assignment.emptied_by, PromptVersion.language)
        .join(Assignment, Assignment.segment_id == Segment.id)
        .outerjoin(PromptVersion, PromptVersion.id == Assignment.prompt_version_id)
        .where(Segment.phase != "")
    ).all()
    assert {(row.emptied_by, row.language) for row in segments} == {(None, language)}
    assert {row.phase for row in segments} == {"checkin", "explore", "integrate", "close"}
