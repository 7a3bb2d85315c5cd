"""Why a prompt stands in one part of a session, and why another one does not: a page that is only ever read."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.planning import service
from facilitator.planning.why import explain_part
from facilitator.prompts.rules_reasons import Params, Refusal, Rule
from facilitator.prompts.wording import justify_rule, name_rule, say
from facilitator.web.login import me
from facilitator.web.request import db, settings

LONGEST_ID = 80
LONGEST_QUERY = 200


def register(blueprint: Blueprint) -> None:
    """Add the route and the words of its page."""
    blueprint.get("/sessions/<session_id>/segments/<segment_id>/why")(explain)
    for words in (code_words, plain_refusal, rule_name, rule_reason):
        blueprint.add_app_template_filter(words, words.__name__)


def explain(session_id: str, segment_id: str) -> ResponseReturnValue:
    """Explain what stands here, and judge the prompt that is asked about."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    asked, words = request.args.get("prompt", "")[:LONGEST_ID], request.args.get("q", "")[:LONGEST_QUERY]
    review = settings().require_clinical_review
    why = explain_part(db(), me(), session, group, segment_id, asked, words, require_review=review)
    page = render_template(
        "planning/why.html",
        nav="groups",
        session=session,
        group=group,
        why=why,
        words=words,
    )
    return page, 404 if why.unknown else 200


def code_words(code: str, params: Params | None = None) -> str:
    """Return what a code of the rules says."""
    return say(code, params or {}, _)


def plain_refusal(refusal: Refusal) -> str:
    """Return what a rule says against a prompt, without its name."""
    return say(refusal.code, refusal.params, _)


def rule_name(rule: Rule) -> str:
    """Return what a rule is called."""
    return name_rule(rule, _)


def rule_reason(rule: Rule) -> str:
    """Return why a rule is there."""
    return justify_rule(rule, _)
