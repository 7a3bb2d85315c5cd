"""dev.py sets up, starts and hands over as it says, tried on copies of it in folders of their own."""

import ast
import contextlib
import hashlib
import os
import re
import signal
import socket
import sys
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.clone import TOP, dev, free_port, load, make_bare, make_ready, running, write_module

SOURCE = (TOP / "dev.py").read_text(encoding="utf-8")
pytestmark = pytest.mark.processes


@pytest.fixture
def bare(tmp_path):
    return make_bare(tmp_path)


@pytest.fixture
def ready(tmp_path):
    return make_ready(tmp_path)


def test_the_whole_file_parses_on_old_pythons():
    tree = ast.parse(SOURCE, feature_version=(3, 5))
    newer = (ast.JoinedStr, ast.NamedExpr, ast.AnnAssign, ast.Match)
    assert [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, newer)] == []


def test_nothing_but_sys_is_imported_before_the_version_gate():
    body = ast.parse(SOURCE).body
    gate = next(index for index, node in enumerate(body) if isinstance(node, ast.If))
    assert [ast.unparse(node) for node in body[1:gate]] == ["import sys"]


def test_an_old_python_is_told_what_is_needed(bare):
    script = "import runpy, sys; sys.version_info = (3, 9, 2); sys.version = '3.9.2 (main)'; runpy.run_path('dev.py')"
    done = dev(bare, python=("-c", script))
    assert done.returncode == 1
    assert done.stderr.strip() == f"This needs Python 3.11 or newer; this is 3.9.2 ({sys.executable})."


@pytest.mark.parametrize(
    "words", [["run", f"--port={free_port()}"], ["test"], ["check"], ["bench"]], ids=lambda words: words[0]
)
def test_without_ensurepip_the_package_to_install_is_named_and_nothing_is_created(bare, words):
    script = (
        "import importlib.util as u, runpy, sys; real = u.find_spec;"
        "u.find_spec = lambda name, *rest: None if name == 'ensurepip' else real(name, *rest);"
        f"sys.argv = ['dev.py', *{words}]; runpy.run_path('dev.py', run_name='__main__')"
    )
    before = sorted(bare.iterdir())
    done = dev(bare, python=("-c", script))
    assert done.returncode == 1
    assert f"sudo apt install python3.{sys.version_info.minor}-venv" in done.stderr
    assert sorted(bare.iterdir()) == before


@pytest.mark.parametrize(("words", "status"), [([], 2), (["rnu"], 2), (["--help"], 0)])
def test_an_unknown_verb_is_answered_with_the_usage(bare, words, status):
    done = dev(bare, *words)
    assert done.returncode == status
    assert done.stdout.startswith("usage: python3 dev.py run | test | check | bench | shots")


@pytest.mark.parametrize("listens", [True, False])
def test_a_taken_port_is_told_before_anything_is_set_up(bare, listens):
    before = sorted(bare.iterdir())
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        if listens:
            owner.listen()
        port = owner.getsockname()[1]
        done = dev(bare, "run", "--port", str(port))
    assert done.returncode == 1
    assert f"Port {port} is taken (on macOS often AirPlay Receiver" in done.stderr
    assert f"Try: python3 dev.py run --port {port + 1}" in done.stderr
    assert sorted(bare.iterdir()) == before


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_a_port_that_does_not_exist_is_refused(bare, port):
    done = dev(bare, "run", f"--port={port}")
    assert done.returncode == 2
    assert "give a number from 1 to 65535" in done.stderr


@pytest.mark.parametrize(
    ("stamp", "wanted", "expected"),
    [
        ({}, {"core": "a"}, (True, ["core"])),
        ({"core": "a"}, {"core": "a"}, (False, [])),
        ({"core": "old"}, {"core": "a"}, (True, ["core"])),
        ({"core": "a"}, {"core": "a", "test": "b"}, (False, ["test"])),
        ({"core": "a", "test": "old"}, {"core": "a", "test": "b"}, (True, ["core", "test"])),
        ({"core": "a", "test": "old"}, {"core": "a"}, (False, [])),
        ({"test": "b"}, {"core": "a"}, (True, ["core"])),
    ],
)
def test_a_changed_lock_means_a_new_build_and_a_missing_layer_an_addition(stamp, wanted, expected):
    assert load(TOP).plan(stamp, wanted) == expected


def test_a_fingerprint_follows_the_lock_and_the_python(bare, monkeypatch):
    module = load(bare)
    first = module.fingerprint("core")
    (bare / "requirements.txt").write_text("six==1.17.0")
    second = module.fingerprint("core")
    monkeypatch.setattr(module.platform, "python_version", lambda: "3.99.0")
    assert len({first, second, module.fingerprint("core")}) == 3


@pytest.mark.parametrize("text", ["", "{", "[1]", None])
def test_a_stamp_that_cannot_be_read_counts_as_none(ready, text):
    module = load(ready)
    module.STAMP.unlink()
    if text is not None:
        module.STAMP.write_text(text)
    assert module.read_stamp() == {}


def test_a_venv_whose_python_is_gone_counts_as_none(ready):
    module = load(ready)
    assert set(module.read_stamp()) == set(module.LAYERS)
    module.PYTHON.unlink()
    module.PYTHON.symlink_to("/nowhere/python3")
    assert module.read_stamp() == {}


def test_an_unreachable_index_is_told_plainly_and_leaves_no_stamp(bare):
    (bare / "requirements.txt").write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    index = f"http://127.0.0.1:{free_port()}/simple"
    done = dev(bare, "run", f"--port={free_port()}", PIP_INDEX_URL=index, PIP_RETRIES="0")
    assert done.returncode == 1
    assert "Installing the core packages (about 30 s, 220 MB, first time only)" in done.stdout
    assert done.stderr.index("ERROR: ") < done.stderr.index("The package index could not be reached")
    assert "PIP_INDEX_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (bare / ".venv" / "dev-stamp.json").exists()
    assert not (bare / "instance").exists()


def make_wheel(folder, name):
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def test_no_locked_package_asks_for_another_with_an_extra():
    """Pip 23, which Debian has, takes the newest release for such a one, and then refuses it for having no hash."""
    asked = [(each.name, wanted) for each in distributions() for wanted in each.requires or ()]
    assert [pair for pair in asked if re.match(r"[\w.-]+ *\[", pair[1]) and "extra ==" not in pair[1]] == []


def test_layers_are_installed_one_by_one_from_hashed_wheels(bare):
    (bare / "requirements.txt").write_text(f"brick==1.0 --hash=sha256:{make_wheel(bare, 'brick')}\n")
    digest = make_wheel(bare, "stone")
    (bare / "requirements-test.txt").write_text("stone==1.0\n")
    write_module(bare, "tests/bench", "import brick, stone")
    module = load(bare)
    done = dev(bare, "bench", PIP_FIND_LINKS=str(bare), PIP_NO_INDEX="1", PIP_USER="1")
    assert done.returncode == 1
    assert "Installing the test packages" in done.stdout
    assert "Hashes are required" in done.stderr
    assert module.read_stamp() == {"core": module.fingerprint("core")}
    (bare / "requirements-test.txt").write_text(f"stone==1.0 --hash=sha256:{digest}\n")
    done = dev(bare, "bench", PIP_FIND_LINKS=str(bare), PIP_NO_INDEX="1")
    assert done.returncode == 0
    assert "core" not in done.stdout
    assert set(module.read_stamp()) == {"core", "test", "e2e"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_dev_or_to_its_group_reaches_the_program_once_and_its_status_is_handed_back(ready, number):
    for send in (os.kill, os.killpg):
        with running(ready) as (process, _arguments, _settings):
            assert process.stdout.readline() == "ready\n"
            send(process.pid, number)
            assert process.communicate(timeout=10)[0] == "signals 1\n"
            assert process.returncode == 0


def test_run_starts_a_demo_in_the_default_folder(ready):
    with running(ready) as (process, arguments, settings):
        port = re.search(r"\d+", process.args[4])[0]
        assert arguments == ["run", "--port", port, "--seed-demo"]
        assert settings == {
            "FACILITATOR_MODE": "demo",
            "FACILITATOR_DATA_DIR": str(ready / "instance"),
            "FACILITATOR_BASE_URL": f"http://127.0.0.1:{port}",
        }


def test_settings_of_the_caller_are_handed_through(ready, tmp_path):
    given = {
        "FACILITATOR_MODE": "production",
        "FACILITATOR_MAIL_URL": "smtp://mail.example",
        "FACILITATOR_BASE_URL_FILE": "/run/base",
        "FACILITATOR_DATA_DIR": "/elsewhere",
    }
    with running(ready, "--data", "../data", **given) as (_process, arguments, settings):
        assert "--seed-demo" not in arguments
        assert Path(settings["FACILITATOR_DATA_DIR"]).is_absolute()
        assert Path(settings["FACILITATOR_DATA_DIR"]).resolve() == tmp_path / "data"
        assert settings == given | {"FACILITATOR_DATA_DIR": settings["FACILITATOR_DATA_DIR"]}


def test_a_venv_in_use_is_not_built_anew_under_the_programs_that_run_from_it(ready):
    with contextlib.ExitStack() as first, contextlib.ExitStack() as second:
        for stack in (first, second):
            process = stack.enter_context(running(ready))[0]
            assert process.stdout.readline() == "ready\n"
        first.close()
        (ready / "requirements.txt").write_text("# changed\n")
        done = dev(ready, "check")
        assert done.returncode == 1
        assert "still runs from it. Stop that program first" in done.stderr
        assert (ready / ".venv" / "dev-stamp.json").exists()
