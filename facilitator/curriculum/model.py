"""The conceptual model as frozen values: the bind, two needs, one dilemma, four arenas, four sub-binds.

Every entry carries where its words come from. Nothing here scores or measures a person, and nothing ever may.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from facilitator.curriculum.rules import Arena, Pole, Provenance, SubBind, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreBind:
    """The bind itself: wanting and fearing closeness in the same breath."""

    slug: SubBind
    name: str
    summary: str
    not_a_defect: str
    real_risk: str
    severity_picture: str
    fractures: tuple[str, ...]
    plays_out_in: tuple[str, ...]
    splits_into: tuple[SubBind, ...]
    provenance: Mapping[str, Provenance]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One of the two needs that the bind sets against each other."""

    slug: str
    name: str
    plain_name: str
    summary: str
    everyday_sign: str
    provenance: Mapping[str, Provenance]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthyState:
    """How the two needs go together when things go well."""

    summary: str
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Dilemma:
    """The two halves of the dilemma; neither is the mature one."""

    slug: str
    name: str
    first_half: str
    second_half: str
    note: str
    provenance: Mapping[str, Provenance]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaEntry:
    """A place where the strain is felt; its slug is prefixed because a need shares the word identity."""

    slug: str
    name: str
    summary: str
    notice: tuple[str, ...]
    provenance: Mapping[str, Provenance]
    watch_out: str = ""

    @property
    def arena(self) -> Arena:
        """Give the arena that prompts refer to."""
        return Arena(self.slug.removeprefix("arena."))


@dataclass(frozen=True, slots=True, kw_only=True)
class PoleEntry:
    """The words for one pole."""

    slug: Pole
    name: str
    summary: str
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEcho:
    """A public statement near a sub-bind, reworded, with the key of its source."""

    text: str
    provenance: Provenance
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubBindEntry:
    """One sub-bind: both poles, how it pits them, and what to notice; signs are examples, never a checklist."""

    slug: SubBind
    name: str
    order: int
    summary: str
    identity_pole: str
    belonging_pole: str
    how_it_pits_them: str
    body_signs: tuple[str, ...]
    stuck_loops: tuple[str, ...]
    movement: tuple[str, ...]
    caution: str
    arena_weights: Mapping[str, int]
    provenance: Mapping[str, Provenance]
    public_echoes: tuple[PublicEcho, ...] = field(metadata={"key": "public_echo"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Teach:
    """A teaching of about two minutes: one picture, a few sentences, and a line that frames it as a map."""

    focus: Topic
    picture: str
    say: str
    frame_line: str
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class BindModel:
    """The whole model in one language, with its credit and its limits."""

    schema_version: int
    language: str
    attribution: str
    attribution_link: str
    scope: str
    review_notice: str
    not_a_score: str
    core_bind: CoreBind
    healthy_state: HealthyState
    dilemma: Dilemma
    translation_of: int = 0
    needs: tuple[Need, ...] = field(metadata={"key": "need"})
    arenas: tuple[ArenaEntry, ...] = field(metadata={"key": "arena"})
    poles: tuple[PoleEntry, ...] = field(metadata={"key": "pole"})
    sub_binds: tuple[SubBindEntry, ...] = field(metadata={"key": "sub_bind"})
    teachings: tuple[Teach, ...] = field(metadata={"key": "teach"})
