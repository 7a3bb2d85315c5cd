"""The command line as people type it, in processes of its own: one line out, and an exit code that tells."""

import os
import subprocess
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from tests import cradle

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.processes


@pytest.fixture
def type_in(tmp_path):
    """Type one command and return how it ended."""

    def run(*arguments, typed="", really=False, **settings):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FACILITATOR_")}
        environment |= {"FACILITATOR_MODE": "demo", "FACILITATOR_DATA_DIR": str(tmp_path), **settings}
        if not really:
            done = cradle.run(*arguments, environment=environment, typed=typed.encode())
            said, complained = done.stdout.decode(), done.stderr.decode()
            return subprocess.CompletedProcess(done.args, done.returncode, said, complained)
        command = [sys.executable, "-m", "facilitator", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=environment, input=typed, capture_output=True, text=True, timeout=60, check=False
        )

    return run


@pytest.mark.parametrize("really", [True, False], ids=["python -m facilitator", "forked"])
def test_an_account_is_made_from_the_command_line(type_in, really):
    assert type_in("init-db", really=really).stdout.startswith("The database is at ")
    words = ("create-facilitator", "you@example.org", "--role", "admin")
    made = type_in(*words, typed="several words work well\n", really=really)
    assert (made.returncode, made.stdout) == (0, "The account you@example.org is made.\n")
    again = type_in(*words[:2], typed="several words work well\n", really=really)
    assert (again.returncode, again.stderr) == (1, "There is an account with this address.\n")


@pytest.mark.parametrize("verb", ["web", "worker", "send-due", "plan-due", "erase-due"])
def test_a_database_without_the_schema_is_refused_with_what_to_do(type_in, verb):
    done = type_in(verb)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("Run first: python -m facilitator init-db")


def test_another_vault_key_than_the_databases_own_is_refused_before_anything_is_sent(type_in):
    assert type_in("init-db").returncode == 0
    other = urlsafe_b64encode(b"k" * 32).decode()
    for verb in ("send-due", "worker", "run"):
        done = type_in(verb, FACILITATOR_VAULT_KEY=other)
        assert done.returncode == 1
        assert "The vault key is not the one this database was sealed with" in done.stderr
    assert type_in("send-due").returncode == 0


def test_settings_that_cannot_be_read_are_told_together(type_in):
    done = type_in("init-db", FACILITATOR_MODE="x", FACILITATOR_BASE_URL="y")
    assert done.returncode == 1
    assert done.stderr.count("\n- ") == 3  # without a mode that can be read, the mail server is asked for too
