"""The exchange on the command line: counts as words, and what cannot be taken on the error stream."""

import json
import os

import pytest

from tests import cradle
from tests.library.shelf import CLOSED_90, entry_table, file_of, prompt_table

pytestmark = pytest.mark.processes


@pytest.fixture
def type_in(tmp_path):
    """Type one command and return how it ended."""

    def run(*arguments, typed=b""):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FACILITATOR_")}
        environment |= {"FACILITATOR_MODE": "demo", "FACILITATOR_DATA_DIR": str(tmp_path / "installation")}
        return cradle.run(*arguments, environment=environment, typed=typed)

    assert run("init-db").returncode == 0
    return run


def said(done):
    """Return what was said; the log writes JSON beside it."""
    lines = done.stderr.decode().splitlines()
    return [line for line in lines if not line.startswith("{") or not json.loads(line)]


def test_a_library_goes_out_and_comes_in(type_in, tmp_path):
    path = tmp_path / "library.toml"
    done = type_in("export-library", path)
    assert (done.returncode, done.stdout.decode()) == (0, f"The library is written to {path}.\n")
    assert type_in("export-library", "-").stdout == path.read_bytes()
    done = type_in("import-library", path)
    assert done.returncode == 0
    assert done.stdout.decode().startswith("The library is imported: ")
    assert done.stdout.decode().endswith(" same.\n")
    sheet = tmp_path / "prompts.csv"
    assert type_in("export-library", sheet).returncode == 0
    assert sheet.read_bytes().startswith(b"\xef\xbb\xbfid,")
    assert type_in("import-library", "-", typed=file_of(prompt_table(id="fear-new"))).stdout.endswith(b": 1 new.\n")


def test_conflicts_ask_for_a_choice(type_in, tmp_path):
    path = tmp_path / "library.toml"
    path.write_bytes(file_of(prompt_table(text="What do they say?"), prompt_table(id="fear-new")))
    done = type_in("import-library", path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert said(done) == [
        "prompt fear-checkin-both-1: version 1 is here with other words.",
        "Decide about the conflicts: keep what is here, or take what the file has. Add --keep-ours or --take-theirs.",
    ]
    assert type_in("import-library", path, "--take-theirs").stdout == b"The library is imported: 1 conflict, 1 new.\n"
    assert type_in("import-library", path).stdout == b"The library is imported: 2 same.\n"
    path.write_bytes(file_of(prompt_table(text="What do others say?")))
    assert type_in("import-library", path, "--keep-ours").stdout == b"The library is imported: 1 conflict.\n"


def test_what_is_refused_is_named_and_nothing_is_written(type_in, tmp_path):
    path = tmp_path / "library.toml"
    path.write_bytes(file_of(prompt_table(id="fear-new"), prompt_table(depth=7)))
    before = type_in("export-library", "-").stdout
    done = type_in("import-library", path, "--take-theirs")
    assert (done.returncode, done.stdout) == (1, b"")
    assert said(done) == [
        "prompt 'fear-checkin-both-1', depth: Choose depth 1, 2 or 3.",
        "Nothing is imported while an entry is refused.",
    ]
    assert type_in("export-library", "-").stdout == before


def test_what_groups_cannot_do_without_is_named_and_stays(type_in, tmp_path):
    path = tmp_path / "library.toml"
    path.write_bytes(file_of(entry_table(CLOSED_90, status="retired")))
    done = type_in("import-library", path)
    assert (done.returncode, said(done)[0]) == (
        1,
        "agenda closed-90: Pages need this one. Give it other words instead.",
    )


def test_a_file_that_cannot_be_opened_is_told_in_one_line(type_in, tmp_path):
    for verb, path, words in (
        ("import-library", tmp_path / "nowhere.toml", "No such file or directory."),
        ("import-library", tmp_path, "Is a directory."),
        ("export-library", tmp_path / "no" / "where.toml", "No such file or directory."),
    ):
        done = type_in(verb, path)
        assert (done.returncode, said(done)) == (1, [f"{path}: {words}"])
