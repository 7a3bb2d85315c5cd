"""Keeping by the command line alone, on a machine that has nothing yet: the document's own steps."""

import json
import shutil

import pytest

from tests import cradle

pytestmark = pytest.mark.processes


@pytest.fixture
def machine(tmp_path):
    """Run a command on one of two machines, which share nothing but what is carried over."""

    def run(name, *arguments, **settings):
        folder = tmp_path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        environment = {"FACILITATOR_MODE": "demo", "FACILITATOR_DATA_DIR": str(folder), **settings}
        done = cradle.run(*map(str, arguments), environment=environment)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


def test_last_nights_backup_is_brought_back_on_an_empty_machine(machine, tmp_path):
    code, public, _ = machine("desk", "make-backup-key", tmp_path / "private")
    assert (code, public[:4]) == (0, "age1")
    sealed_to = {"FACILITATOR_BACKUP_RECIPIENT": public.strip()}
    assert machine("old", "seed-demo")[0] == 0
    code, made, _ = machine("old", "backup", tmp_path, **sealed_to)
    assert code == 0
    assert not (tmp_path / "old" / "backup_key").exists()  # nothing on the machine opens what it writes

    (tmp_path / "new").mkdir(mode=0o700)
    shutil.copy2(tmp_path / "old" / "vault_key", tmp_path / "new" / "vault_key")
    code, said, _ = machine("new", "restore", json.loads(made)["backup"], "--identity", tmp_path / "private")
    assert code == 0
    assert json.loads(said)["rows"] == json.loads(made)["rows"]
    assert machine("new", "send-due")[0] == 0
    code, _, complained = machine("new", "restore", json.loads(made)["backup"], "--identity", tmp_path / "private")
    assert (code, complained) == (1, "There is an installation in this database. Name an empty one.\n")
    assert machine("new", "rotate-key")[0] == 0
    assert machine("new", "send-due")[0] == 0


def test_a_backup_without_a_key_of_ones_own_is_opened_by_that_of_the_data_folder(machine, tmp_path):
    machine("old", "init-db")
    assert machine("old", "backup", tmp_path / "one.backup")[0] == 0
    private = tmp_path / "old" / "backup_key"
    assert oct(private.stat().st_mode)[-3:] == "600"
    (tmp_path / "new").mkdir(mode=0o700)
    for name in ("vault_key", "backup_key"):
        shutil.copy2(tmp_path / "old" / name, tmp_path / "new" / name)
    assert machine("new", "restore", tmp_path / "one.backup")[0] == 0


def test_a_key_is_never_overwritten(machine, tmp_path):
    (tmp_path / "private").write_text("there")
    code, _, complained = machine("desk", "make-backup-key", tmp_path / "private")
    assert (code, (tmp_path / "private").read_text()) == (1, "there")
    assert "never overwritten" in complained


def test_a_private_key_that_is_not_there_is_asked_for(machine, tmp_path):
    code, _, complained = machine("new", "restore", tmp_path / "one.backup")
    assert code == 1
    assert complained.endswith("backup_key cannot be read: No such file or directory. Name it with --identity.\n")


def test_a_key_that_the_settings_give_is_changed_to_one_in_a_file(machine, tmp_path):
    key = tmp_path / "key"
    key.write_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    key.chmod(0o600)
    given = {"FACILITATOR_VAULT_KEY_FILE": str(key)}
    assert machine("old", "seed-demo", **given)[0] == 0
    code, _, complained = machine("old", "rotate-key", **given)
    assert (code, complained) == (1, "The settings give the vault key. Name a file for the new one with --to FILE.\n")
    assert machine("old", "rotate-key", "--to", tmp_path / "next", **given)[0] == 0
    assert machine("old", "send-due", **given)[0] == 1
    assert machine("old", "send-due", FACILITATOR_VAULT_KEY_FILE=str(tmp_path / "next"))[0] == 0


def test_the_doctor_names_what_is_serious_first_and_ends_with_1(machine):
    machine("old", "init-db")
    code, said, _ = machine("old", "doctor")
    assert code == 1
    assert said.splitlines()[0].startswith("serious: The worker is silent")
    assert "note: This is a demonstration" in said


def test_a_key_that_anybody_can_read_stops_the_start(machine, tmp_path):
    machine("old", "init-db")
    (tmp_path / "old" / "vault_key").chmod(0o644)
    code, _, complained = machine("old", "doctor")
    assert code == 1
    assert f"Run: chmod 600 {tmp_path / 'old' / 'vault_key'}" in complained


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_installation_moves_to_postgresql(machine, database_url):
    machine("old", "seed-demo")
    code, _, complained = machine("old", "copy-to-postgres", "sqlite:///nowhere")
    assert (code, complained[:40]) == (1, "Give the address of a PostgreSQL databas")
    code, said, _ = machine("old", "copy-to-postgres", database_url)
    assert code == 0
    assert json.loads(said)["tables"]["participant"] == 14
    assert machine("old", "send-due", FACILITATOR_DATABASE_URL=database_url)[0] == 0
    assert machine("old", "copy-to-postgres", database_url)[0] == 1


def test_a_database_that_does_not_answer_is_said_in_one_line(machine):
    machine("old", "init-db")
    code, _, complained = machine("old", "copy-to-postgres", "postgresql://nobody@127.0.0.1:1/none")
    assert code == 1
    assert complained.startswith("The new database does not answer:")
    assert "Traceback" not in complained
