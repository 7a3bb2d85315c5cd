"""Everything written in one language, as one frozen value that answers look-ups.

A look-up that finds nothing raises NotFound. It must never read a file: the service does that.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from facilitator.curriculum.materials import AgreementSheet, Exercise, HelpBlock, HelpLine
from facilitator.curriculum.model import BindModel, SubBindEntry, Teach
from facilitator.curriculum.pathways import Agenda, Pathway
from facilitator.curriculum.rules import EntryKind, GroupKind, HelpKind, SessionKind
from facilitator.curriculum.scripts import Pulse, Scripts
from facilitator.errors import NotFound

ANYWHERE = "INT"
EUROPEAN_UNION = "EU"

# fmt: off  (one code a line would say no more)
EU_COUNTRIES = frozenset(
    {
        "AT",
        "BE",
        "BG",
        "HR",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    }
)
# fmt: on
"""Where 112 is the emergency number."""


N = TypeVar("N", Pathway, Exercise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The content of one language edition.

    Args:
        owners: who wrote each pathway that did not come with the program.
        private: the owner's id of each pathway that is not shared.
        earlier: versions that plans may still refer to, by kind, id and version number.
    """

    language: str
    model: BindModel
    pathways: tuple[Pathway, ...]
    agendas: tuple[Agenda, ...]
    exercises: tuple[Exercise, ...]
    exercise_defaults: str
    agreements: AgreementSheet
    help: HelpBlock
    pulse: Pulse
    scripts: Scripts
    owners: Mapping[str, str | None] = field(default_factory=dict)
    private: Mapping[str, str | None] = field(default_factory=dict)
    earlier: Mapping[tuple[EntryKind, str, int], Any] = field(default_factory=dict)

    def pathway(self, pathway_id: str, version: int | None = None) -> Pathway:
        """Get a pathway by its id, as it is now or as an earlier plan knew it.

        Raises:
            NotFound: there is none.
        """
        found: Pathway | None = self.earlier.get((EntryKind.PATHWAY, pathway_id, version or 0))
        return found or _pick(self.pathways, pathway_id, "pathway")

    def pathways_of(self, facilitator_ids: Collection[str]) -> tuple[Pathway, ...]:
        """List the pathways that these people may plan with: the library's, those shared, and their own."""
        return tuple(p for p in self.pathways if p.id not in self.private or self.private[p.id] in facilitator_ids)

    def agenda(self, kind: GroupKind, minutes: int, session_kind: SessionKind = SessionKind.STANDARD) -> Agenda:
        """Get the agenda of a session; open groups have one shape, as every session is someone's first.

        Raises:
            NotFound: there is none of this length.
        """
        wanted = SessionKind.STANDARD if kind is GroupKind.OPEN else session_kind
        for agenda in self.agendas:
            if (agenda.group_kind, agenda.total_minutes, agenda.session_kind) == (kind, minutes, wanted):
                return agenda
        lengths = sorted({str(a.total_minutes) for a in self.agendas if a.group_kind is kind})
        raise NotFound(f"There is no agenda of {minutes} minutes. Lengths in the library: {', '.join(lengths)}.")

    def exercise(self, exercise_id: str, version: int | None = None) -> Exercise:
        """Get a grounding exercise by its id, as it is now or as an earlier session had it.

        Raises:
            NotFound: there is none.
        """
        found: Exercise | None = self.earlier.get((EntryKind.EXERCISE, exercise_id, version or 0))
        return found or _pick(self.exercises, exercise_id, "exercise")

    def crisis_exercises(self) -> tuple[Exercise, ...]:
        """List the exercises that suit the slow-down routine and the crisis card."""
        return tuple(e for e in self.exercises if e.crisis_use)

    def sub_bind(self, slug: str) -> SubBindEntry:
        """Get a sub-bind by its slug.

        Raises:
            NotFound: there is none; the bind itself is `model.core_bind`.
        """
        for entry in self.model.sub_binds:
            if entry.slug == slug:
                return entry
        raise NotFound(f"There is no sub-bind '{slug}' in the library.")

    def teach(self, focus: str) -> Teach:
        """Get the short teaching for a focus, or for the opening or closing session.

        Raises:
            NotFound: there is none.
        """
        for entry in self.model.teachings:
            if entry.focus == focus:
                return entry
        raise NotFound(f"There is no teaching on '{focus}' in the library.")

    def help_lines(self, country: str) -> tuple[HelpLine, ...]:
        """List the active help lines for a country code, never an empty list.

        A country without an emergency number of its own takes the European one where that holds, and a country
        without a crisis line takes the international directory.
        """
        lines = self._active(country)
        kinds = {line.kind for line in lines}
        if HelpKind.EMERGENCY not in kinds and country in EU_COUNTRIES:
            lines = (*self._active(EUROPEAN_UNION), *lines)
        if HelpKind.CRISIS not in kinds and country != ANYWHERE:
            lines = (*lines, *self._active(ANYWHERE))
        return lines

    def _active(self, country: str) -> tuple[HelpLine, ...]:
        return tuple(line for line in self.help.lines if line.active and line.country == country)


def _pick(entries: Iterable[N], wanted: str, what: str) -> N:
    for entry in entries:
        if entry.id == wanted:
            return entry
    raise NotFound(f"There is no {what} '{wanted}' in the library.")
