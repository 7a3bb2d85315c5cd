"""What the documents for operators tell them to type works as it stands there; the sample of the settings is one that starts."""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config import Config
from facilitator import cli
from facilitator.keeping.backup import KEYS_NAME

TOP = Path(__file__).resolve().parents[2]
DEPLOY = TOP / "deploy"
DOCUMENTS = sorted(DEPLOY.glob("*.md"))
ENOUGH_S = 60  # to bring back what a small machine has kept

SHIMS = {
    "sudo": 'shift 2; exec "$@"',  # everybody is the program's own user here
    "systemctl": 'echo "$@" >> "$DID"',
    "install": 'while [ $# -gt 2 ]; do case $1 in -o|-g) shift;; -m) mode=$2; shift;; esac; shift; done; cp "$1" "$2" && chmod $mode "$2"',
    "facilitator": f'exec {DEPLOY / "facilitator"} "$@"',
}


class Machine:
    """A machine with the folders of the documents, of which everything lies below one folder."""

    def __init__(self, root):
        self.root = root
        for folder in ("var/lib/facilitator", "var/backups/facilitator", "etc/facilitator", "bin", "opt/.venv/bin"):
            (root / folder).mkdir(parents=True, mode=0o700)
        for name in ("config.py", "facilitator", "templates", "static"):
            (root / "opt" / name).symlink_to(TOP / name)
        self._write("opt/.venv/bin/python", f'exec {sys.executable} "$@"')
        for name, words in SHIMS.items():
            self._write(f"bin/{name}", words)
        settings = (DEPLOY / "settings.sample").read_text(encoding="utf-8")
        (root / "etc/facilitator/settings").write_text(settings.replace("/var/", f"{root}/var/"), encoding="utf-8")

    def _write(self, name, words):
        (self.root / name).write_text(f"#!/bin/sh\n{words}\n", encoding="utf-8")
        (self.root / name).chmod(0o700)

    def type(self, line):
        """Type one line of a document; return what it printed, and refuse a line that failed."""
        done = subprocess.run(
            ["sh", "-c", re.sub(r"(?<= )/(var|etc|root)/", rf"{self.root}/\1/", line)],
            cwd=self.root,
            env={
                "PATH": f"{self.root}/bin:{os.environ['PATH']}",
                "FACILITATOR_HOME": f"{self.root}/opt",
                "FACILITATOR_SETTINGS": f"{self.root}/etc/facilitator/settings",
                "DID": f"{self.root}/did",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        return done.stdout


def list_lines(document, heading):
    """List the lines to be typed that stand under a heading."""
    parts = re.split(r"(?m)^## ", (DEPLOY / document).read_text(encoding="utf-8"))
    (words,) = [part for part in parts if part.startswith(heading)]
    return [line.strip() for line in words.splitlines() if line.startswith("    ")]


@pytest.mark.processes
def test_last_nights_backup_is_brought_back_by_the_document_alone(tmp_path):
    old, new = Machine(tmp_path / "old"), Machine(tmp_path / "new")
    public = old.type(f"facilitator make-backup-key {new.root}/private-key").strip()
    with (old.root / "etc/facilitator/settings").open("a") as settings:
        settings.write(f"FACILITATOR_BACKUP_RECIPIENT='{public}'\n")
    old.type("FACILITATOR_MODE=demo facilitator seed-demo")
    made = json.loads(old.type("facilitator backup /var/backups/facilitator"))
    dated = Path(made["backup"])
    for path in (dated, dated.with_name(KEYS_NAME)):
        path.rename(new.root / "var/backups/facilitator" / path.name)
    (old.root / "var/lib/facilitator/vault_key").rename(new.root / "vault_key")

    began = time.monotonic()
    said = {}
    for typed in list_lines("backups.md", "Bring one back"):
        verb = typed.split("facilitator ")[-1].split()[0]
        line = typed.replace("facilitator-2026-11-23.backup", dated.name)
        said[verb] = new.type(f"{line} || true" if verb == "doctor" else line)
    assert time.monotonic() - began < ENOUGH_S
    assert json.loads(said["restore"])["rows"] == made["rows"]
    assert not (new.root / "var/lib/facilitator/backup_key").exists()
    serious = [line for line in said["doctor"].splitlines() if line.startswith("serious: ")]
    # the sample's domain is nobody's, and nothing was really started
    assert not [line for line in serious if "FACILITATOR_MAIL_FROM" not in line and "worker is silent" not in line]
    assert (new.root / "did").read_text() == "enable --now facilitator-web facilitator-worker\n"
    new.type("facilitator send-due")


def test_the_sample_of_the_settings_is_one_that_starts(tmp_path, monkeypatch):
    machine = Machine(tmp_path / "one")
    words = (machine.root / "etc/facilitator/settings").read_text(encoding="utf-8")
    for name, value in re.findall(r"(?m)^(FACILITATOR_[A-Z_]+)='(.*)'$", words):
        monkeypatch.setenv(name, value)
    assert Config.from_env().base_url == "https://notes.example.org"
    named = set(re.findall(r"(?m)^#?(FACILITATOR_[A-Z_]+?)(?:_FILE)?=", words))
    assert not [name for name in named if f"`{name}`" not in (TOP / "README.md").read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_verb_and_file_that_a_document_names_exists(path):
    words = path.read_text(encoding="utf-8")
    (verbs,) = [action.choices for action in cli._parser()._actions if isinstance(action, argparse._SubParsersAction)]
    assert set(re.findall(r"(?:-u|`)facilitator facilitator ([a-z-]+)", words)) <= set(verbs)
    assert not [name for name in re.findall(r"deploy/([\w.-]+)", words) if not (DEPLOY / name).exists()]
    assert not [place for place in re.findall(r"\]\((?!http)([^)#]+)", words) if not (DEPLOY / place).exists()]


def test_what_the_container_copies_is_all_that_the_program_needs(tmp_path):
    words = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    for name in re.findall(r"(?m)^COPY (?!--from)(\S+)", words):
        (tmp_path / name).symlink_to(TOP / name)
    environment = {
        "PATH": os.environ["PATH"],
        "FACILITATOR_MODE": "demo",
        "FACILITATOR_DATA_DIR": str(tmp_path / "data"),
    }
    (tmp_path / "data").mkdir(mode=0o700)
    done = subprocess.run(
        [sys.executable, "-m", "facilitator", "seed-demo"], cwd=tmp_path, env=environment, check=False
    )
    assert done.returncode == 0
    verb = json.loads(re.search(r"(?m)^CMD (.*)$", words)[1])
    assert cli._parser().parse_args(verb).host == "0.0.0.0"  # noqa: S104 # a container's own network is all there is
