"""The vendored JavaScript is byte for byte what its packages ship, and every file has its line in VENDORED.txt."""

import hashlib
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "static" / "vendor"
FOR_TESTS = Path(__file__).parent / "vendor"
LINES = [line.split(" | ") for line in (FOLDER / "VENDORED.txt").read_text().splitlines() if line[:1] != "#"]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_a_vendored_file_is_unchanged_and_named_by_its_version(line):
    name, _package, version, _path, _licence, digest = line
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest
    assert re.fullmatch(r"[a-z]+-(.+)\.(min\.js|LICENSE\.txt)", name)[1] == version


@pytest.mark.parametrize("name", [line[0] for line in LINES if line[0].endswith(".js")])
def test_a_vendored_script_says_its_version_and_calls_for_no_other_file(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    version = next(line[2] for line in LINES if line[0] == name)
    assert f'"{version}"' in text or f" {version} " in text
    assert "sourceMappingURL" not in text


def test_every_file_in_the_folder_has_a_line():
    assert sorted(line[0] for line in LINES) == sorted(
        path.name for path in FOLDER.iterdir() if path.name != "VENDORED.txt"
    )


def test_every_script_brings_its_licence():
    scripts = {line[0].removesuffix(".min.js") for line in LINES if line[0].endswith(".min.js")}
    assert scripts == {line[0].removesuffix(".LICENSE.txt") for line in LINES if line[0].endswith(".LICENSE.txt")}


def test_no_script_outside_the_folder_is_minified_or_foreign():
    others = [path for path in FOLDER.parent.rglob("*.js") if FOLDER not in path.parents]
    assert [path.name for path in others if max(map(len, path.read_text().splitlines()), default=0) > 500] == []


def test_what_is_vendored_for_tests_alone_is_unchanged_and_listed_too():
    listed = [line.split(" | ") for line in (FOR_TESTS / "VENDORED.txt").read_text().splitlines() if line[:1] != "#"]
    assert {name: hashlib.sha256((FOR_TESTS / name).read_bytes()).hexdigest() for name, *_rest in listed} == {
        line[0]: line[-1] for line in listed
    }
    assert {name for name, *_rest in listed} == {p.name for p in FOR_TESTS.iterdir()} - {"VENDORED.txt"}
