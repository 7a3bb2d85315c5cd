"""Evenings for tests: played on the stage for given visits, perhaps by a leaky twin, with images at given moments."""

from contextlib import nullcontext
from pathlib import Path

from facilitator.proof.chance import repeated
from facilitator.proof.evening import Evening, Moment
from facilitator.proof.images import take_image
from tests.privacy.twins import make_link_table, twin

ALL = (Moment.READ, Moment.OPEN, Moment.CLOSED, Moment.WEEK, Moment.LATER)


def play(stage, cookie, visits, until=Moment.LATER, habit=None, watch=None):
    """Play an evening from the beginning up to a moment; call `watch` with each moment while everything stands still."""
    stage.begin_again()
    if habit:
        make_link_table(stage)
    with repeated("evening"), stage.watched(), twin(stage, habit) if habit else nullcontext():
        evening = Evening(stage, cookie, visits)
        for moment in evening.play():
            if watch:
                watch(moment)
            if moment == until:
                break
    return evening


def image(stage):
    return take_image(stage.folder, stage.ground.database.engine)


def settled(stage):
    """Return an image after another look: SQLite notes in its index in memory how far a reader has read."""
    image(stage)
    return image(stage)


def images(stage, cookie, visits, until=Moment.LATER, habit=None):
    """Return the image of each moment of an evening."""
    found = {}

    def watch(moment):
        found[moment] = image(stage)

    play(stage, cookie, visits, until, habit, watch)
    return found


def differing(first, *others):
    """List what differs between images of several evenings: (moment, part)."""
    return sorted(
        {
            (moment.name, part)
            for other in others
            for moment in first
            for part in first[moment].differences(other[moment])
        }
    )


def files(stage) -> dict[str, bytes]:
    """Return every file of the data folder as it is on disk."""
    return {
        str(path.relative_to(stage.folder)): path.read_bytes()
        for path in sorted(Path(stage.folder).rglob("*"))
        if path.is_file()
    }
