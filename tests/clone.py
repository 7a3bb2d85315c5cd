"""Copies of dev.py in folders of their own, where it can set up and start things without touching this one."""

import ast
import contextlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parent.parent
LAYERS = ("requirements.txt", "requirements-test.txt", "requirements-e2e.txt", "requirements-lint.txt")
# Stands in for the program: tells how it was called, then answers the first signal and counts the rest.
PROGRAM = """
import os, signal, sys, time
seen = []
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, _: seen.append(number))
print(sys.argv[1:], flush=True)
print({k: v for k, v in os.environ.items() if k.startswith("FACILITATOR_")}, flush=True)
print("ready", flush=True)
while not seen:
    time.sleep(0.02)
time.sleep(0.3)
print("signals", len(seen), flush=True)
"""


def make_bare(tmp_path):
    """Return a fresh clone: dev.py and locks that name nothing."""
    folder = tmp_path / "clone"
    folder.mkdir()
    shutil.copy(TOP / "dev.py", folder)
    for name in LAYERS:
        (folder / name).write_text("")
    return folder


def make_ready(tmp_path):
    """Return a clone whose .venv is complete, as far as its stamp goes, with a program in place of ours."""
    folder = make_bare(tmp_path)
    module = load(folder)
    module.PYTHON.parent.mkdir(parents=True)
    module.PYTHON.symlink_to(Path(sys.executable).resolve())
    module.STAMP.write_text(json.dumps({layer: module.fingerprint(layer) for layer in module.LAYERS}))
    write_module(folder, "facilitator/__main__", PROGRAM)
    return folder


def load(folder):
    """Return the folder's dev.py as a module."""
    spec = importlib.util.spec_from_file_location("dev_copy", folder / "dev.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def environment(**more):
    """Return a plain environment: no settings of ours, of pip or of pytest but those given."""
    plain = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONDONTWRITEBYTECODE": "1"}
    return plain | {"PIP_CONFIG_FILE": os.devnull} | more


def dev(folder, *arguments, python=("dev.py",), **more):
    """Run the folder's dev.py to its end."""
    command = [sys.executable, *python, *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment(**more), capture_output=True, text=True, check=False, timeout=120
    )


@contextlib.contextmanager
def running(folder, *arguments, **more):
    """Start the stand-in through dev.py; give the process, the arguments and the settings that reached it."""
    command = [sys.executable, "dev.py", "run", "--port", str(free_port()), *arguments]
    process = subprocess.Popen(
        command, cwd=folder, env=environment(**more), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process, ast.literal_eval(process.stdout.readline()), ast.literal_eval(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def free_port():
    """Return a port that nothing uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_module(folder, name, text):
    """Write a Python file into the folder."""
    path = folder / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
