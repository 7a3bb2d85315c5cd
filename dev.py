"""Set this project up and work with it: python3 dev.py run | test | check | bench | shots.

Owns .venv: builds it from the hashed locks and stamps it once everything is in. Needs the standard library alone,
and never touches a file outside this folder, the data folder aside.
Old Pythons must be able to parse the whole file, so that the version gate can speak: no f-strings, no annotated
variables, nothing newer than Python 3.5.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit("This needs Python 3.11 or newer; this is %s (%s)." % (sys.version.split()[0], sys.executable))

import argparse
import hashlib
import importlib.util
import json
import os
import platform
import signal
import socket
import subprocess
import time
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
STAMP = VENV / "dev-stamp.json"
LOCK = ROOT / ".venv.lock"
# Two bytes of the lock file: one is held by who installs, the other is shared by all who run from what was installed.
INSTALLING, IN_USE = 0, 1

USAGE = "usage: python3 dev.py run | test | check | bench | shots    (python3 dev.py run --help tells more)"
LAYERS = {
    "core": ("requirements.txt", "about 30 s, 220 MB"),
    "test": ("requirements-test.txt", "about 15 s, 30 MB"),
    "e2e": ("requirements-e2e.txt", "about 15 s, 170 MB"),
    "lint": ("requirements-lint.txt", "about 20 s, 110 MB"),
}
PARALLEL = ("-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal")  # one more than cores, as many tests wait
PIP_INSTALL = "-m pip install --require-hashes --only-binary :all: --no-user --no-input --disable-pip-version-check -q"
CHECKS = (
    "ruff check .",
    "ruff format --check .",
    "mypy",
    "djlint templates --lint --quiet",
    "deptry .",
    "pytest tests/test_architecture.py --noconftest -q -n 0 -p no:randomly",
)
NO_INDEX = """
The packages could not be installed; pip's own words are above.
The package index could not be reached, or it has nothing for this Python on this machine. What to try:
  - check the connection and run the same command again; it goes on where it stopped
  - behind a proxy: set HTTPS_PROXY; with an index of your own: set PIP_INDEX_URL
  - a full disk: free about 600 MB"""
NO_ENSUREPIP = """This Python cannot make virtual environments: its ensurepip module is missing.
On Debian or Ubuntu: sudo apt install python%d.%d-venv
Then run this again. Nothing was changed."""
STILL_IN_USE = """The locked packages or the Python changed, so .venv has to be built anew,
but a program that another dev.py started still runs from it. Stop that program first, then run this again."""
PORT_TAKEN = """Port %d is taken (on macOS often AirPlay Receiver: System Settings, General, AirDrop & Handoff).
Try: python3 dev.py run --port %d"""


def say(text: str) -> None:
    """Print one message at once, also into a pipe."""
    print(text, flush=True)


def require_ensurepip() -> None:
    """Stop with advice where `python -m venv` would leave a broken .venv behind, as on a plain Debian."""
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit(NO_ENSUREPIP % sys.version_info[:2])


def lock(handle: int, byte: int, *, shared: bool = False) -> bool:
    """Take one byte of the lock file, which the system gives back when this process ends; tell whether it was free."""
    try:
        if sys.platform != "win32":
            fcntl.lockf(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB, 1, byte)
        elif byte == INSTALLING:  # Windows shares no locks, and protects files in use by itself
            os.lseek(handle, byte, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    except (BlockingIOError, PermissionError):
        return False
    return True


def unlock(handle: int, byte: int) -> None:
    """Give one byte of the lock file back."""
    if sys.platform == "win32":
        os.lseek(handle, byte, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
    else:
        fcntl.lockf(handle, fcntl.LOCK_UN, 1, byte)


def fingerprint(layer: str) -> str:
    """Name what a layer is made of: this Python's version and the text of the layer's lock."""
    text = platform.python_version() + "\n" + (ROOT / LAYERS[layer][0]).read_text(encoding="utf-8")
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def read_stamp() -> dict[str, str]:
    """Return the fingerprint of every layer that is completely installed."""
    if not PYTHON.exists():  # also when the Python it was made from is gone
        return {}
    try:
        return dict(json.loads(STAMP.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def plan(stamp: dict[str, str], wanted: dict[str, str]) -> tuple[bool, list[str]]:
    """Decide what to do from two sets of fingerprints: whether to build .venv anew, and which layers to install.

    A changed lock means a new build, so that packages it no longer names vanish too.
    """
    rebuild = "core" not in stamp or any(stamp.get(layer, text) != text for layer, text in wanted.items())
    return rebuild, [layer for layer in wanted if rebuild or layer not in stamp]


def build_venv(handle: int) -> None:
    """Make an empty .venv in place of the one that may be there, unless a program runs from that."""
    if not lock(handle, IN_USE):
        sys.exit(STILL_IN_USE)
    if VENV.exists():
        say("The .venv here is unfinished or out of date, so it is built anew; programs started from it stop working.")
    if subprocess.call([sys.executable, "-m", "venv", "--clear", str(VENV)]):
        sys.exit("The virtual environment could not be made; the words of Python are above.")


def install(layer: str) -> None:
    """Install one layer from its lock: wheels alone, each checked against its hash."""
    lock_file, cost = LAYERS[layer]
    say("Installing the %s packages (%s, first time only) ..." % (layer, cost))
    if subprocess.call([str(PYTHON), *PIP_INSTALL.split(), "-r", str(ROOT / lock_file)]):
        sys.exit(NO_INDEX)


def set_up(*layers: str) -> None:
    """Bring .venv to the given layers and hold it in use until this process, or what replaces it, ends."""
    require_ensurepip()
    handle = os.open(str(LOCK), os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(handle, True)  # noqa: FBT003 the standard library asks for it by position
    if not lock(handle, INSTALLING):
        say("Another dev.py is setting .venv up; waiting for it.")
        while not lock(handle, INSTALLING):
            time.sleep(0.2)
    stamp = read_stamp()
    wanted = {layer: fingerprint(layer) for layer in layers}
    rebuild, missing = plan(stamp, wanted)
    if rebuild:
        build_venv(handle)
        stamp = {}
    for layer in missing:
        install(layer)
        stamp[layer] = wanted[layer]
        STAMP.write_text(json.dumps(stamp), encoding="utf-8")
    lock(handle, IN_USE, shared=True)
    unlock(handle, INSTALLING)


def compile_catalogues() -> None:
    """Compile the translations whose source is newer than what was made of it."""
    for source in sorted(ROOT.glob("facilitator/translations/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        command = [str(PYTHON), "-m", "babel.messages.frontend", "-q", "compile", "-i", str(source), "-o", str(target)]
        if subprocess.call(command):
            sys.exit("The translation %s could not be compiled; Babel's words are above." % source)


def become(*command: str) -> None:
    """Hand this process over to a command in .venv, so that signals reach it directly and its exit status is ours."""
    os.chdir(str(ROOT))
    sys.stdout.flush()
    if sys.platform != "win32":
        os.execv(str(PYTHON), [str(PYTHON), *command])  # noqa: S606 no shell is wanted
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the console sends Ctrl-C to both; the command answers it
    sys.exit(subprocess.call([str(PYTHON), *command]))


def require_free_port(port: int) -> None:
    """Stop when something already answers on the port, even something that would let us bind beside it."""
    with socket.socket() as probe:
        probe.settimeout(1)
        answered = probe.connect_ex(("127.0.0.1", port)) == 0
    if answered:
        sys.exit(PORT_TAKEN % (port, port + 1))
    with socket.socket() as probe:
        if sys.platform != "win32":  # there the option would allow to take a port from its owner
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            sys.exit("Port %d needs more rights than you have. Try: python3 dev.py run --port 5000" % port)
        except OSError:
            sys.exit(PORT_TAKEN % (port, port + 1))


def wants_browser() -> bool:
    """Tell whether a person sits before this machine: a terminal, a display, and neither CI nor SSH between."""
    if not sys.stdout.isatty() or any(os.environ.get(name) for name in ("CI", "SSH_CONNECTION", "SSH_TTY")):
        return False
    has_display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return sys.platform in ("win32", "darwin") or bool(has_display)


def default_setting(name: str, value: str) -> None:
    """Give the program a setting unless the caller's environment already does, directly or by file."""
    if name not in os.environ and name + "_FILE" not in os.environ:
        os.environ[name] = value


def port_number(text: str) -> int:
    """Read a port from the command line."""
    if not text.isdigit() or int(text) not in range(1, 65536):
        raise argparse.ArgumentTypeError("give a number from 1 to 65535")
    return int(text)


def run(arguments: list[str]) -> None:
    """Start the demo: web, worker and local mailbox on this machine alone."""
    parser = argparse.ArgumentParser(prog="dev.py run", description=run.__doc__)
    parser.add_argument("--port", type=port_number, default=5000, help="on 127.0.0.1 (default 5000)")
    parser.add_argument("--data", metavar="DIR", help="the data folder (default ./instance)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    options = parser.parse_args(arguments)
    require_free_port(options.port)
    if options.data:
        os.environ["FACILITATOR_DATA_DIR"] = str(Path(options.data).absolute())
        os.environ.pop("FACILITATOR_DATA_DIR_FILE", None)
    set_up("core")
    compile_catalogues()
    default_setting("FACILITATOR_MODE", "demo")
    default_setting("FACILITATOR_DATA_DIR", str(ROOT / "instance"))
    default_setting("FACILITATOR_BASE_URL", "http://127.0.0.1:%d" % options.port)
    os.environ.setdefault("PYTHONUNBUFFERED", "1")  # the address appears at once, also in a pipe
    seed = ["--seed-demo"] if os.environ.get("FACILITATOR_MODE") == "demo" else []
    browser = ["--open-browser"] if wants_browser() and not options.no_browser else []
    become("-m", "facilitator", "run", "--port", str(options.port), *seed, *browser)


def test(arguments: list[str]) -> None:
    """Run the whole suite in parallel, or what the pytest arguments choose."""
    set_up("core", "test", "e2e")
    compile_catalogues()
    own = ("-n", "--numprocesses", "--pdb")
    serial = any(argument.startswith(own) for argument in arguments) or "no:xdist" in " ".join(arguments)
    become("-m", "pytest", "-p", "tests.plugin_real", *(() if serial else PARALLEL), *arguments)


def check(arguments: list[str]) -> None:
    """Run every checker, also after one has failed, and name those that did."""
    if arguments:
        sys.exit("dev.py check takes no arguments.")
    set_up("core", "test", "lint")
    os.chdir(str(ROOT))
    failed = []
    for command in CHECKS:
        say("== " + command)
        if subprocess.call([str(PYTHON), "-m", *command.split()]):
            failed.append(command)
    if failed:
        sys.exit("Failed: " + "; ".join(failed))
    say("All checks passed.")


def measure(module: str, arguments: list[str]) -> None:
    """Run what looks at the program from outside: the benchmarks, or the pictures of every page."""
    set_up("core", "test", "e2e")
    compile_catalogues()
    become("-m", module, *arguments)


def main(arguments: list[str]) -> None:
    """Do what the first word says."""
    looks = {name: lambda words, name=name: measure("tests." + name, words) for name in ("bench", "shots")}
    verbs = {"run": run, "test": test, "check": check, **looks}
    if not arguments or arguments[0] not in verbs:
        say(USAGE)
        sys.exit(0 if arguments[:1] in (["-h"], ["--help"]) else 2)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as an exception it also ends what we wait for
    try:
        verbs[arguments[0]](arguments[1:])
    except KeyboardInterrupt:
        say("Stopped. The next run goes on from here.")
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1:])
