"""The verb that anybody can type: what it plays on, what it says, how it ends, and that it leaves an installation alone."""

import argparse
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from sqlalchemy import text

from config import Mode
from facilitator import cli
from facilitator.cli import passes
from facilitator.db import Database
from facilitator.mail.urls import MailUrl, Tls
from facilitator.proof import verdict
from facilitator.proof.browser import PageError
from facilitator.vault import Vault
from tests.architecture import check

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _two_sets(monkeypatch):
    monkeypatch.setattr(verdict, "QUICK_SETS", 2)


@pytest.fixture
def unplayed(monkeypatch):
    """Have no evening played where a test is about what stands around it."""
    found = verdict.Comparison(sets=[(0,)], sizes={}, differences={}, was_asked=False, is_seeing=True)
    monkeypatch.setattr(verdict, "compare", lambda *_arguments: found)


@pytest.fixture
def prove(config, database):
    """Prove the anonymity of the installation of a test; return whether it held, and what was said."""

    def run(installation=database):
        said = []
        with closing(installation):
            return verdict.prove(config, installation, all_sets=False, say=said.append), "\n".join(said)

    return run


def test_it_plays_on_the_kind_of_database_that_the_installation_has_and_says_what_it_found(prove, database):
    held, said = prove()
    assert held, said
    assert f"Played on {'SQLite' if database.is_sqlite else 'PostgreSQL'}" in said
    assert "Its tables, columns and triggers are those of this installation" in said
    assert said.count("the same each time") == 4
    assert "nothing that is kept tells who came" in said
    assert ("how its own files lie on the disk was not" in said) is not database.is_sqlite
    assert not [
        words for words in ("cannot be subpoenaed", "anonymous to everyone", "encrypted") if words in said.lower()
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_leaves_the_installation_as_it_is(prove, database, config):
    database.checkpoint()
    before = {path: path.read_bytes() for path in config.data_dir.rglob("*.db")}
    assert prove()[0]
    assert {path: path.read_bytes() for path in config.data_dir.rglob("*.db")} == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_plays_with_the_settings_of_an_installation_that_serves_real_people(database, config):
    url = MailUrl(host="mail.example.org", port=587, tls=Tls.STARTTLS)
    real = replace(config, mode=Mode.PRODUCTION, base_url="https://notes.example.org", mail_url=url)
    said = []
    assert verdict.prove(real, database, all_sets=False, say=said.append), said


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_installation_whose_database_does_more_than_ours_proves_nothing(prove, database):
    with database.write() as db:
        db.execute(text("CREATE TABLE visit (at BIGINT)"))
        db.execute(text("CREATE TRIGGER note AFTER UPDATE ON open_room BEGIN INSERT INTO visit VALUES (1); END"))
        db.commit()
    held, said = prove()
    assert not held
    assert "  - table visit\n  - trigger or view note" in said


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_a_database_it_plays_on_one_that_is_thrown_away_and_says_so(prove, unplayed, tmp_path, config):
    none = Database(f"sqlite:///{tmp_path}/none.db", Vault(config.vault_key))
    held, said = prove(none)
    assert held, said
    assert "no database yet" in said
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_account_that_may_make_no_databases_plays_on_sqlite_and_says_so(prove, unplayed, monkeypatch):
    monkeypatch.setattr(verdict, "may_make_databases", lambda _engine: False)
    held, said = prove()
    assert held, said
    assert "may not make databases on PostgreSQL. Played on SQLite instead." in said


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_evening_that_cannot_be_played_proves_nothing(prove, monkeypatch):
    def fail(*_arguments):
        raise PageError("/here answered 500")

    monkeypatch.setattr(verdict, "compare", fail)
    held, said = prove()
    assert not held
    assert said.endswith("The evening could not be played: /here answered 500. Nothing is proved.")


def test_a_comparison_that_sees_nothing_is_no_proof():
    blind = verdict.Comparison(sets=[(0,)], sizes={}, differences={}, was_asked=False, is_seeing=False)
    assert not blind.is_clean
    assert "Nothing is proved" in "\n".join(verdict.tell(blind, on_postgresql=False))
    assert replace(blind, is_seeing=True).is_clean


@pytest.mark.parametrize(("held", "code"), [(True, 0), (False, 1)])
def test_the_verb_ends_with_what_was_found(monkeypatch, held, code):
    asked = []
    monkeypatch.setattr(passes, "prove", lambda _config, _database, **given: asked.append(given["all_sets"]) or held)
    given = cli._parser().parse_args(["prove-anonymity", "--all"])
    assert isinstance(given, argparse.Namespace)
    assert given.verb(given, None, None) == code
    assert asked == [True]


def test_nothing_of_the_program_but_the_command_line_knows_of_the_proof():
    knowing = [
        path.relative_to(ROOT).as_posix()
        for path in chain((ROOT / "facilitator").rglob("*.py"), [ROOT / "config.py"])
        if "facilitator.proof" in path.read_text(encoding="utf-8") and path.parent.name != "proof"
    ]
    assert knowing == ["facilitator/cli/passes.py"]


def test_nothing_that_counts_may_know_of_people():
    counting = [
        path for path in (ROOT / "facilitator" / "attendance").glob("*.py") if not path.stem.startswith("views")
    ]
    assert {"models.py", "rules.py", "service.py", "service_room.py"} <= {path.name for path in counting}
    for path in counting:
        name, source = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        assert [finding for finding in check(name, source) if " -> " in finding] == []
        if path.stem != "__init__" and not path.stem.startswith("forms"):
            twin = f"{source}\nfrom facilitator.groups.models import Participant\n"
            assert [finding for finding in check(name, twin) if "-> facilitator.groups.models" in finding], name
