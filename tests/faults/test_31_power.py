"""The power fails: what was not fsynced is gone. Replayed from the system calls that the worker really made.

strace notes every write to the database's files, every fsync and every dot that left for the mail server, in order.
From them the files are built as a disk would hold them if the power had failed at each dot: with everything before the
last fsync of each file, and nothing after it. A message whose dot had left must stand there as in hand-over or sent.
"""

import re
import shutil
import sqlite3
import sys
from contextlib import closing

import pytest

from tests.faults.installation import conserved, on_sqlite, wait_until
from tests.mail.servers import Liar
from tests.real import require_tool

pytestmark = [pytest.mark.processes, on_sqlite]
CALLS = "trace=pwrite64,fsync,fdatasync,ftruncate,sendto"
WORKER = """
from facilitator import cli, db
db.SQLITE_SETTINGS["synchronous"] = {setting!r}
raise SystemExit(cli.main(["worker"]))
"""
FULL, NORMAL = ("FULL", 2), ("NORMAL", 1)
CALL = re.compile(r'(\d+) +(\w+)\(\d+<([^>]*)>(?:, "((?:\\x[0-9a-f]{2})*)")?(?:, (\d+))?(?:, (\d+))?')
RESUMED = re.compile(r"(\d+) +<\.\.\. (?:fsync|fdatasync) resumed>")
MESSAGE_ID = re.compile(rb"^Message-ID: <([^@>]+)@", re.MULTILINE)
MESSAGES = 8


class Disk:
    """Two files as they are, and as they would be found after the power failed."""

    def __init__(self, path):
        self.names = {str(path), f"{path}-wal"}
        self.seen = {name: bytearray() for name in self.names}
        self.seen[str(path)] = bytearray(path.read_bytes())
        self.kept = {name: bytes(content) for name, content in self.seen.items()}
        self._on_its_way = {}

    def write(self, name, content, offset):
        file = self.seen[name]
        file.extend(bytes(max(0, offset + len(content) - len(file))))
        file[offset : offset + len(content)] = content

    def cut(self, name, length):
        del self.seen[name][length:]

    def begin_sync(self, thread, name):
        self._on_its_way[thread] = (name, bytes(self.seen[name]))

    def end_sync(self, thread):
        if thread in self._on_its_way:
            name, content = self._on_its_way.pop(thread)
            self.kept[name] = content

    def after_failure(self, folder):
        """Start the machine again: return the state of every message in the files that were kept."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, content in self.kept.items():
            (folder / name.rpartition("/")[2]).write_bytes(content)
        with closing(sqlite3.connect(folder / "facilitator.db")) as found:
            return dict(found.execute("SELECT uuid, state FROM outbox"))


def unhex(text):
    """Return the bytes that strace wrote in hexadecimal, or what it left as it was."""
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()


def replay(log, disk, folder):
    """Yield, at each dot, the messages whose dot has left by then and the states that a failure now would leave."""
    letters, gone = {}, []
    for line in log.read_text().splitlines():
        if resumed := RESUMED.match(line):
            disk.end_sync(resumed[1])
        call = CALL.match(line)
        if not call:
            continue
        thread, verb, name, data, first, second = call.groups()
        name, content = unhex(name).decode(), unhex(data or "")
        if verb == "sendto":
            letters[name] = letters.get(name, b"") + content
            if letters[name].endswith(b"\r\n.\r\n") and (found := MESSAGE_ID.search(letters.pop(name))):
                gone.append(found[1].decode())
                yield gone, disk.after_failure(folder)
        elif name in disk.names and verb == "pwrite64":
            disk.write(name, content, int(second))
        elif name in disk.names and verb == "ftruncate":
            disk.cut(name, int(first))
        elif name in disk.names:
            disk.begin_sync(thread, name)
            if "unfinished" not in line:
                disk.end_sync(thread)


def lost_by(setting, installation):
    """Let a worker send under strace; return the messages that some failure would have left as if never handed over."""
    strace = require_tool("strace")
    installation.remind(MESSAGES)
    installation.database.checkpoint()
    installation.database.close()
    path, log = installation.folder / "facilitator.db", installation.folder / "calls"
    disk = Disk(path)
    with Liar() as server:
        installation.send_to(server)
        command = [sys.executable, "-c", WORKER.format(setting=setting)]
        worker = installation.start(strace, "-D", "-f", "-y", "-xx", "-s", "200000", "-e", CALLS, "-o", log, *command)
        wait_until(lambda: worker.poll() is not None or len(server.messages) == MESSAGES, 60)
        wait_until(lambda: installation.states() == {"sent": MESSAGES})
        worker.terminate()
        worker.wait(30)
    conserved(installation, server)
    lost, dots = set(), 0
    for gone, states in replay(log, disk, installation.folder / "after"):
        dots += 1
        lost |= {uuid for uuid in gone if states[uuid] not in {"sending", "sent"}}
    assert dots == MESSAGES
    assert all(disk.seen.values()), "nothing was written to the files that were watched"
    return lost


@pytest.mark.fault(31)
def test_no_failure_of_the_power_makes_a_message_that_left_look_unsent(installation):
    assert lost_by(FULL, installation) == set()


@pytest.mark.fault(31)
def test_with_less_care_at_each_commit_the_same_look_finds_the_loss(installation):
    """Proves that the test above can fail."""
    assert lost_by(NORMAL, installation)
