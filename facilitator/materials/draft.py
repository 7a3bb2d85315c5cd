"""What a facilitator says about a material, on its way from a form to the use cases."""

from dataclasses import dataclass

from facilitator.materials.models import Audience, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialDraft:
    """What a facilitator says about a material, and its words.

    Args:
        days_before: for a release before the session.
        announced: whether a message says when it is there.
        text: Markdown; empty for a file.
    """

    title: str
    audience: Audience = Audience.PARTICIPANTS
    release: Release = Release.START
    days_before: int = 0
    announced: bool = False
    text: str = ""
