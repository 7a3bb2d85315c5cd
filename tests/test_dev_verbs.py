"""The verbs of dev.py: what they start, with which arguments, and what they say when something is wrong."""

import fcntl
import json
import os
import subprocess
import sys

import pytest

from tests.clone import TOP, dev, environment, free_port, load, make_bare, make_ready, write_module

pytestmark = pytest.mark.processes
PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Session"\nmsgstr "%s"\n'
TELL = "import json, sys; print(json.dumps(sys.argv[1:]))"
SHIM = (
    "import tests.plugin_real as it, pathlib; it.find_tool = lambda _: None; "
    "it.POSTGRESQL = it.CHECKER = pathlib.Path('/nowhere')"
)


@pytest.fixture
def ready(tmp_path):
    return make_ready(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [*load(TOP).PARALLEL]),
        (
            ["tests/planning", "--no-header"],
            [*load(TOP).PARALLEL, "tests/planning", "--no-header"],
        ),
        (["-n", "0"], ["-n", "0"]),
        (["-n4", "-x"], ["-n4", "-x"]),
        (["--numprocesses=3"], ["--numprocesses=3"]),
        (["-p", "no:xdist"], ["-p", "no:xdist"]),
        (["-pno:xdist"], ["-pno:xdist"]),
        (["--pdb"], ["--pdb"]),
    ],
)
def test_tests_run_in_parallel_unless_the_caller_says_otherwise(ready, arguments, expected):
    write_module(ready, "pytest", TELL)
    done = dev(ready, "test", *arguments)
    assert json.loads(done.stdout) == ["-p", "tests.plugin_real", *expected]


def test_the_status_of_the_tests_is_handed_back(ready):
    write_module(ready, "pytest", "raise SystemExit(5)")
    assert dev(ready, "test").returncode == 5


def test_bench_hands_its_arguments_on(ready):
    write_module(ready, "tests/bench", TELL)
    assert json.loads(dev(ready, "bench", "pages").stdout) == ["pages"]


def test_check_runs_every_tool_and_names_all_that_failed(ready):
    for tool in ("ruff", "mypy", "djlint", "deptry", "pytest"):
        write_module(ready, tool, f"import sys; sys.exit({int(tool in ('ruff', 'deptry'))})")
    done = dev(ready, "check")
    assert done.returncode == 1
    assert [line.split()[1] for line in done.stdout.splitlines()] == [
        "ruff",
        "ruff",
        "mypy",
        "djlint",
        "deptry",
        "pytest",
    ]
    assert done.stderr.strip() == "Failed: ruff check .; ruff format --check .; deptry ."


def test_check_says_so_when_nothing_failed(ready):
    for tool in ("ruff", "mypy", "djlint", "deptry", "pytest"):
        write_module(ready, tool, "")
    done = dev(ready, "check")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All checks passed.")


def test_two_at_once_wait_for_each_other(ready):
    write_module(ready, "tests/bench", "print('ran')")
    with (ready / ".venv.lock").open("w") as handle:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, load(ready).INSTALLING)
        command = [sys.executable, "dev.py", "bench"]
        second = subprocess.Popen(command, cwd=ready, env=environment(), stdout=subprocess.PIPE, text=True)
        assert second.stdout.readline() == "Another dev.py is setting .venv up; waiting for it.\n"
    assert second.communicate(timeout=20)[0] == "ran\n"
    assert second.returncode == 0


@pytest.mark.parametrize(
    ("more", "arguments", "opens"),
    [
        ({"DISPLAY": ":0"}, [], True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, [], True),
        ({}, [], sys.platform == "darwin"),
        ({"DISPLAY": ":0"}, ["--no-browser"], False),
        ({"DISPLAY": ":0", "CI": "1"}, [], False),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}, [], False),
    ],
)
def test_a_browser_opens_only_where_a_person_sits_before_the_machine(ready, more, arguments, opens):
    write_module(ready, "facilitator/__main__", TELL)
    terminal, end = os.openpty()
    command = [sys.executable, "dev.py", "run", "--port", str(free_port()), *arguments]
    with os.fdopen(terminal) as screen, subprocess.Popen(command, cwd=ready, env=environment(**more), stdout=end):
        os.close(end)
        assert ("--open-browser" in json.loads(screen.readline())) is opens


def test_catalogues_are_compiled_when_their_source_is_newer(tmp_path, monkeypatch):
    folder = make_bare(tmp_path)
    module = load(folder)
    monkeypatch.setattr(module, "PYTHON", sys.executable)
    module.compile_catalogues()
    source = folder / "facilitator" / "translations" / "es" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_text(PO % "Sesi\u00f3n", encoding="utf-8")
    target = source.with_suffix(".mo")
    for text, newer, expected in (("Sesi\u00f3n", 0, "Sesi\u00f3n"), ("Otra", -9, "Sesi\u00f3n"), ("Otra", 9, "Otra")):
        source.write_text(PO % text, encoding="utf-8")
        at = target.stat().st_mtime if target.exists() else 0
        os.utime(source, (at + newer, at + newer))
        module.compile_catalogues()
        assert expected.encode() in target.read_bytes()


def test_a_broken_catalogue_stops_with_its_name(tmp_path, monkeypatch):
    folder = make_bare(tmp_path)
    module = load(folder)
    monkeypatch.setattr(module, "PYTHON", sys.executable)
    source = folder / "facilitator" / "translations" / "es" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_bytes((PO % "Sesi\u00f3n").encode("latin-1"))
    with pytest.raises(SystemExit, match=r"messages\.po could not be compiled"):
        module.compile_catalogues()


@pytest.mark.parametrize(("required", "status"), [("0", 0), ("1", 1)])
def test_absent_real_parts_are_named_in_one_line_and_fail_where_they_are_required(tmp_path, required, status):
    write_module(tmp_path, "plain_machine", SHIM)
    write_module(tmp_path, "test_one", "def test_one(): ...")
    plugins = ["-p", "tests.plugin_real", "-p", "plain_machine"]
    command = [sys.executable, "-m", "pytest", *plugins, "--noconftest", "-q", "-n", "2", str(tmp_path / "test_one.py")]
    settings = environment(PYTHONPATH=str(tmp_path), REQUIRE_REAL=required)
    done = subprocess.run(command, cwd=TOP, env=settings, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("Absent real parts: ")]
    assert done.returncode == status
    assert ("1 passed" in done.stdout) is (required == "0")
    if required == "0":
        assert len(lines) == 1
        assert "chromium (apt-get install chromium); smtp-sink (apt-get install postfix); faketime" in lines[0]
        assert "spamassassin (apt-get install spamassassin); java (apt-get install default-jre-headless)" in lines[0]
        assert lines[0].endswith("/usr/local/share/vnu/vnu.jar). Their tests are skipped.")
    else:
        assert "Absent real parts: PostgreSQL (apt-get install postgresql)" in done.stderr + done.stdout
