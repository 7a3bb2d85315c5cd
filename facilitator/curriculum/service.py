"""Reads the shipped content once per language and keeps it.

English stands in library/, every other language in a folder of its own beside the English files. A file that
cannot be used stops with its name, the entry and what is wrong; half a library is never served.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.materials import AgreementSheet, ExerciseFile, HelpBlock, PromptEntry, PromptFile
from facilitator.curriculum.model import BindModel
from facilitator.curriculum.pathways import AgendaFile, PathwayFile, check_agenda, check_pathway
from facilitator.curriculum.reader import read_value
from facilitator.curriculum.scripts import Pulse, Scripts
from facilitator.errors import Invalid, NotFound

LIBRARY = Path(__file__).parent / "library"
SOURCE_LANGUAGE = "en"
T = TypeVar("T")


def editions() -> tuple[str, ...]:
    """List the languages that the library is written in, English first."""
    others = sorted(p.parent.name for p in LIBRARY.glob("*/model.toml"))
    return (SOURCE_LANGUAGE, *others)


@lru_cache
def catalogue(language: str = SOURCE_LANGUAGE) -> Catalogue:
    """Get the content of one language, read on first use.

    Raises:
        NotFound: there is no edition in this language.
        Invalid: a file cannot be used.
    """
    return load_catalogue(_edition_folder(language), language)


@lru_cache
def load_prompt_entries(language: str = SOURCE_LANGUAGE) -> tuple[PromptEntry, ...]:
    """Read the shipped prompts of one language, ordered by id.

    Raises:
        NotFound: there is no edition in this language.
        Invalid: a file cannot be used, or an id stands twice.
    """
    return read_prompt_entries(_edition_folder(language) / "prompts", language)


def read_prompt_entries(folder: Path, language: str) -> tuple[PromptEntry, ...]:
    """Read every file of prompts in a folder, ordered by id.

    Raises:
        Invalid: a file cannot be used, an id stands twice, or an entry is in another language.
    """
    entries = [e for path in sorted(folder.glob("*.toml")) for e in _read_file(PromptFile, path).prompts]
    for entry in entries:
        _check_language(entry.language, language, f"{folder.name} '{entry.id}'")
    _check_unique((e.id for e in entries), folder.name)
    return tuple(sorted(entries, key=lambda e: e.id))


def load_catalogue(folder: Path, language: str) -> Catalogue:
    """Read a folder of TOML files into one frozen value.

    Raises:
        Invalid: a file is missing, cannot be parsed or does not say what it has to.
    """
    pathways = _read_file(PathwayFile, folder / "pathways.toml")
    agendas = _read_file(AgendaFile, folder / "agendas.toml")
    exercises = _read_file(ExerciseFile, folder / "exercises.toml")
    for agenda in agendas.agendas:
        check_agenda(agenda, f"agendas.toml '{agenda.id}'")
    for pathway in pathways.pathways:
        check_pathway(pathway, f"pathways.toml '{pathway.id}'")
    _check_unique((e.id for e in exercises.exercises), "exercises.toml")
    model = _read_file(BindModel, folder / "model.toml")
    _check_language(model.language, language, "model.toml")
    return Catalogue(
        language=language,
        model=model,
        pathways=pathways.pathways,
        agendas=agendas.agendas,
        exercises=exercises.exercises,
        exercise_defaults=exercises.defaults,
        agreements=_read_file(AgreementSheet, folder / "agreements.toml"),
        help=_read_file(HelpBlock, folder / "resources.toml"),
        pulse=_read_file(Pulse, folder / "pulse.toml"),
        scripts=_read_file(Scripts, folder / "scripts.toml"),
    )


def _edition_folder(language: str) -> Path:
    if language not in editions():
        raise NotFound(f"The library has no edition in '{language}'.")
    return LIBRARY if language == SOURCE_LANGUAGE else LIBRARY / language


def _read_file(cls: type[T], path: Path) -> T:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Invalid(f"{path.name}: the file is missing.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise Invalid(f"{path.name}: {fault}") from fault
    return read_value(cls, raw, path.name)


def _check_unique(ids: Iterable[str], where: str) -> None:
    for entry_id, times in Counter(ids).items():
        if times > 1:
            raise Invalid(f"{where}: the id '{entry_id}' stands {times} times.")


def _check_language(found: str, wanted: str, where: str) -> None:
    if found != wanted:
        raise Invalid(f"{where}: it is in '{found}', not in '{wanted}'.")
