"""Pages of the model, the pathways, the agendas and the crisis card; a facilitator can teach from them."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from facilitator.curriculum import editions
from facilitator.curriculum.catalogue import Catalogue
from facilitator.groups import service as groups
from facilitator.library import paths
from facilitator.library.forms_shelves import list_help_countries
from facilitator.web.locale import language
from facilitator.web.login import me
from facilitator.web.request import db

blueprint = Blueprint("curriculum", __name__)


def _edition() -> Catalogue:
    return editions.edition(db(), language())


@blueprint.get("/curriculum")
def show_model() -> ResponseReturnValue:
    """Show the whole model on one page."""
    edition = _edition()
    return render_template("curriculum/model.html", nav="curriculum", model=edition.model, catalogue=edition)


@blueprint.get("/curriculum/pathways")
def show_pathways() -> ResponseReturnValue:
    """Show the library's pathways with their depth ramps and sessions, and those that were built here."""
    edition = _edition()
    return render_template(
        "curriculum/pathways.html",
        nav="curriculum",
        pathways=[pathway for pathway in edition.pathways_of([me().id]) if pathway.id not in edition.owners],
        own=paths.list_paths(db(), me()),
        model=edition.model,
    )


@blueprint.get("/curriculum/agendas")
def show_agendas() -> ResponseReturnValue:
    """Show every timed agenda."""
    edition = _edition()
    return render_template("curriculum/agendas.html", nav="curriculum", agendas=edition.agendas, model=edition.model)


@blueprint.get("/curriculum/<slug>")
def show_sub_bind(slug: str) -> ResponseReturnValue:
    """Show one sub-bind: both poles, how they pull, and what to say about it."""
    edition = _edition()
    return render_template(
        "curriculum/sub_bind.html",
        nav="curriculum",
        model=edition.model,
        sub_bind=edition.sub_bind(slug),
        teach=edition.teach(slug),
    )


@blueprint.get("/crisis-card")
def show_crisis_card() -> ResponseReturnValue:
    """Show what to do when somebody is in danger, with the help lines of the countries of one's groups."""
    edition = _edition()
    countries = sorted({group.country for group in groups.list_own(db(), me())}) or ["INT"]
    return render_template(
        "curriculum/crisis_card.html",
        nav="crisis",
        card=edition.scripts.crisis_card,
        scripts=edition.scripts,
        help=edition.help,
        help_lines={country: edition.help_lines(country) for country in countries},
        exercises=edition.crisis_exercises(),
        country_names=dict(list_help_countries()),
    )
