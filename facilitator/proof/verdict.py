"""What `prove-anonymity` does and says: evenings for different people, what is kept of them compared, in plain words.

It must never say more than was compared, and always says what no comparison of ours can cover.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from config import Config
from facilitator import migrations
from facilitator.db import Database
from facilitator.proof.browser import PageError
from facilitator.proof.chance import repeated
from facilitator.proof.evening import Evening, Moment, sign_in, visits_of
from facilitator.proof.grounds import Ground, may_make_databases, postgresql_ground, read_shape, sqlite_ground
from facilitator.proof.images import Image, take_image
from facilitator.proof.stage import ALIASES, Stage, settings_of_stage
from facilitator.vault import Vault

COMING = 4
QUICK_SETS = 6
PLAYED = (
    "the reminders went to all 8 by SMTP and were kept in a mailbox folder",
    "those who came opened every link of their mail: the page of the meeting, its calendar file, their settings",
    "one of those who stayed away said so on the page of the meeting",
    "the facilitator opened the room, and those who came checked in with the two words on its screen",
    "the facilitator closed the room with a headcount, and corrected it the next morning",
    "the worker reminded all 8 of the next meeting, and deleted after 40 days what is kept for 30",
)
ASKED = "those who came said on a shared page how it was"
LIMITS = (
    "the facilitator sees who is in the room",
    "the provider of video calls and the mail providers keep records of their own",
    "each person's own device has a history",
    "while mail is sent, the addresses of everybody on the list are kept, whoever comes",
    "an operator who changes this program can keep anything from then on",
)
POSTGRESQL_LIMIT = "on PostgreSQL all rows were compared; how its own files lie on the disk was not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one run found.

    Args:
        sets: which people came, in each evening.
        sizes: how many bytes were compared at each moment, in one evening.
        differences: the parts that differed, by moment; none is what everybody hopes for.
        was_asked: whether the people who came were asked afterwards how it was.
        is_seeing: whether an evening to which fewer came was told apart, as it has to be.
    """

    sets: Sequence[tuple[int, ...]]
    sizes: Mapping[Moment, int]
    differences: Mapping[Moment, Sequence[str]]
    was_asked: bool
    is_seeing: bool

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing that is kept tells one set of people from another, by a comparison that can see."""
        return self.is_seeing and not any(self.differences.values())


def prove(config: Config, installation: Database, *, all_sets: bool, say: Callable[[str], None]) -> bool:
    """Play, compare and say what was found; return whether nothing told who came.

    Args:
        config: the settings of the installation.
        installation: its database, of which nothing but the shape is read.
        all_sets: every way to choose 4 of 8 instead of a few.
        say: called with each line.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="facilitator-proof-")))
        played_in = folder / "data"
        played_in.mkdir()
        settings = settings_of_stage(config, played_in)
        ground = stack.enter_context(_ground(settings, installation, folder, say))
        stage = stack.enter_context(Stage.set(settings, ground, played_in))
        if not _has_same_shape(installation, ground, say):
            return False
        try:
            found = compare(stage, list_sets() if all_sets else pick_sets(QUICK_SETS))
        except PageError as problem:
            say(f"The evening could not be played: {problem}. Nothing is proved.")
            return False
    for line in tell(found, on_postgresql=not ground.database.is_sqlite):
        say(line)
    return found.is_clean


def compare(
    stage: Stage,
    sets: Sequence[tuple[int, ...]],
    moments: Sequence[Moment] = (Moment.OPEN, Moment.CLOSED, Moment.WEEK, Moment.LATER),
) -> Comparison:
    """Play one evening for each set of people, each from the same beginning, and compare what is kept of them.

    Raises:
        PageError: when a page does not answer as people need it.
    """
    cookie = sign_in(stage)
    *_, (last, fewer, _evening) = play(stage, cookie, sets[0][1:], (Moment.CLOSED,))
    first: dict[Moment, Image] = {}
    differences: dict[Moment, set[str]] = {moment: set() for moment in moments}
    asked = []
    for people in sets:
        for moment, image, evening in play(stage, cookie, people, moments):
            asked.append(evening.answered > 0)
            differences[moment].update(first.setdefault(moment, image).differences(image))
    return Comparison(
        sets=sets,
        sizes={moment: image.size for moment, image in first.items()},
        differences={moment: sorted(names) for moment, names in differences.items()},
        was_asked=any(asked),
        is_seeing=bool(fewer.differences(first[last])),
    )


def play(
    stage: Stage, cookie: str, people: Sequence[int], moments: Sequence[Moment]
) -> Iterator[tuple[Moment, Image, Evening]]:
    """Play one evening for these people and take an image at each of the moments; it ends with the last of them."""
    stage.begin_again()
    with repeated("evening"), stage.watched():
        evening = Evening(stage, cookie, visits_of(people))
        for moment in evening.play():
            if moment in moments:
                yield moment, take_image(stage.folder, stage.ground.database.engine), evening
            if moment == moments[-1]:
                return


def list_sets() -> list[tuple[int, ...]]:
    """Return every way in which 4 of the 8 may come."""
    return list(combinations(range(len(ALIASES)), COMING))


def pick_sets(count: int) -> list[tuple[int, ...]]:
    """Return a few of them, far apart; the first and the last have nobody in common."""
    every = list_sets()
    return [every[at * (len(every) - 1) // (count - 1)] for at in range(count)]


def tell(found: Comparison, *, on_postgresql: bool) -> Iterator[str]:
    """Return the lines that say what was done, what was compared and what was found."""
    yield f"A group of {len(ALIASES)}, of whom {COMING} come. The evening was played {len(found.sets)} times, through"
    yield "the real pages, with the clock and the numbers of chance held still; each time other people came:"
    yield from (f"  - {words}" for words in (*PLAYED, *((ASKED,) if found.was_asked else ())))
    yield "Compared, byte for byte: the database with its log, all tables row by row, the program's log lines, the"
    yield "mailbox, the worker's mark, and whatever else lay in the data folder or was put aside for a while:"
    for moment, size in found.sizes.items():
        yield f"  - {moment}: {size:,} bytes, {_said(found.differences[moment])}"
    if not found.is_seeing:
        yield "Nothing is proved: an evening to which only 3 came looked the same, so the comparison does not see."
    elif found.is_clean:
        yield "An evening to which only 3 came was told apart, so the comparison sees what there is to see."
        yield "Found: nothing that is kept tells who came. It is the same whoever did; only how many came is in it."
    else:
        yield "Found: what is kept depends on who came. Do not use this installation for real people before it is mended."
    yield "Not covered, because no program can:"
    yield from (f"  - {words}" for words in (*LIMITS, *((POSTGRESQL_LIMIT,) if on_postgresql else ())))


def _said(differences: Sequence[str]) -> str:
    return "different in " + ", ".join(differences) if differences else "the same each time"


@contextmanager
def _ground(config: Config, installation: Database, folder: Path, say: Callable[[str], None]) -> Iterator[Ground]:
    """Give a ground of the installation's own kind where that can be had, and say which one it is."""
    vault = Vault(config.vault_key)
    if not installation.is_sqlite and may_make_databases(installation.engine):
        say("Played on PostgreSQL, on the server of this installation, in a database made for it and dropped after.")
        with postgresql_ground(installation.engine, vault) as ground:
            yield ground
        return
    if not installation.is_sqlite:
        say("The account of the settings may not make databases on PostgreSQL. Played on SQLite instead.")
    else:
        say("Played on SQLite, in a file made for it and deleted after.")
    with sqlite_ground(folder, vault, config.data_dir) as ground:
        yield ground


def _has_same_shape(installation: Database, ground: Ground, say: Callable[[str], None]) -> bool:
    """Tell whether the installation has the tables, columns and triggers of what is played on; say what it has."""
    path = installation.engine.url.database or ""
    if (installation.is_sqlite and not Path(path).exists()) or not migrations.current(installation):
        say("This installation has no database yet, so the tables are those that this program makes.")
        return True
    ours, theirs = read_shape(ground.database.engine), read_shape(installation.engine)
    same_engine = installation.is_sqlite == ground.database.is_sqlite
    names = [name for name in ours.keys() | theirs.keys() if same_engine or name.startswith("table ")]
    odd = sorted(name for name in names if ours.get(name) != theirs.get(name))
    if odd:
        say("The database of this installation is not as this program makes it; nothing can be proved of it:")
        for name in odd:
            say(f"  - {name}")
        return False
    say(f"Its tables, columns and triggers are those of this installation, at {migrations.current(installation)}.")
    return True
