"""The pages of planning: the wizard, one session, its parts, its changes and the room, on one blueprint.

Each subject has a module of its own; here they come together with the words that their templates use.
"""

from flask import Blueprint

from facilitator.planning import (
    views_agenda,
    views_change,
    views_copy,
    views_coverage,
    views_feed,
    views_live,
    views_moving,
    views_run_swap,
    views_segment,
    views_series,
    views_session,
    views_template,
    views_why,
    views_wizard,
    wording,
    wording_coverage,
    wording_history,
    wording_laying,
)

blueprint = Blueprint("planning", __name__)
for subject in (
    views_wizard,
    views_series,
    views_coverage,
    views_session,
    views_segment,
    views_why,
    views_agenda,
    views_template,
    views_copy,
    views_change,
    views_moving,
    views_live,
    views_run_swap,
    views_feed,
):
    subject.register(blueprint)
for words in (
    wording.arena_words,
    wording.date_words,
    wording.dates_words,
    wording.end_time,
    wording.format_words,
    wording.in_session,
    wording.kind_words,
    wording.lint_words,
    wording.note_words,
    wording.phase_words,
    wording.reason_words,
    wording.rhythm_of,
    wording.span_words,
    wording.warning_words,
    wording.when_words,
    wording_coverage.finding_words,
    wording_coverage.gap_words,
    wording_history.change_words,
    wording_laying.outcome_words,
):
    blueprint.add_app_template_filter(words, words.__name__)
