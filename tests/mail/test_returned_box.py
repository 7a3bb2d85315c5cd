"""The box of returned mail, of every kind: nothing goes before it is done with, and nothing is read in vain twice."""

import mailbox
import socket
from pathlib import Path

import pytest

from facilitator.mail import returned_box
from facilitator.mail.box_urls import BoxKind, BoxUrl, parse_box_url
from facilitator.mail.returned_box import LARGEST, MOST_BUSY, MOST_IN_A_PASS, BoxError, Fate, ReturnedBox
from tests.mail.boxes import Imap, Pop3
from tests.mail.test_returned import sample
from tests.mail.test_smtp_secured import contexts

REPORT, PERSON = sample("postfix_no_such_mailbox"), sample("person")
DONE, LEFT, LATER = Fate.DONE, Fate.LEFT, Fate.LATER


class Reader:
    """Takes mails by script, and remembers them."""

    def __init__(self, url, *fates, context=None, stop_after=10_000):
        self.box = ReturnedBox(url, context)
        self.fates = list(fates)
        self.read = []
        self.stop_after = stop_after

    def take(self, raw):
        self.read.append(raw)
        fate = self.fates.pop(0) if self.fates else DONE
        if isinstance(fate, Exception):
            raise fate
        return fate

    def pass_over(self):
        return dict(self.box.pass_over(self.take, lambda: len(self.read) >= self.stop_after))


class FileBox:
    """A maildir or an mbox file, with the words of the servers."""

    def __init__(self, kind, folder, mails):
        self.path = folder / kind
        self.kind = kind
        self.url = parse_box_url(f"{kind}:{self.path}")
        self._made = mailbox.Maildir(self.path) if kind == "maildir" else mailbox.mbox(self.path)
        for mail in mails:
            self.put(mail)

    def put(self, mail):
        self._made.add(mail)
        self._made.flush()

    @property
    def mails(self):
        made = mailbox.Maildir(self.path) if self.kind == "maildir" else mailbox.mbox(self.path)
        try:
            return {key: made.get_bytes(key) for key in made.keys()}  # noqa: SIM118 - a mailbox iterates over its mails
        finally:
            made.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._made.close()


@pytest.fixture(params=["maildir", "mbox", "pop3", "imap"])
def make_box(request, tmp_path):
    def make(*mails):
        if request.param in ("maildir", "mbox"):
            return FileBox(request.param, tmp_path, mails)
        return {"pop3": Pop3, "imap": Imap}[request.param](mails)

    return make


def lines(raw):
    return raw.replace(b"\r\n", b"\n").strip()


def test_what_is_done_is_taken_away_and_what_is_not_ours_stays(make_box):
    with make_box(REPORT, PERSON) as box:
        reader = Reader(box.url)
        reader.take = lambda raw: reader.read.append(raw) or (DONE if lines(raw) == lines(REPORT) else LEFT)
        assert reader.pass_over() == {DONE: 1, LEFT: 1}
        assert sorted(map(lines, reader.read)) == sorted(map(lines, [REPORT, PERSON]))
        assert [lines(mail) for mail in box.mails.values()] == [lines(PERSON)]


def test_what_was_left_is_not_read_again_and_what_waits_is(make_box):
    with make_box(REPORT, PERSON) as box:
        reader = Reader(box.url, LATER, LEFT)
        reader.pass_over()
        first = reader.read[0]
        reader.read.clear()
        assert reader.pass_over() == {DONE: 1}
        assert reader.read == [first]
        assert reader.pass_over() == {}
        assert len(box.mails) == 1


def test_what_somebody_else_took_away_is_not_remembered(tmp_path):
    with FileBox("maildir", tmp_path, [PERSON]) as box:
        reader = Reader(box.url, LEFT)
        reader.pass_over()
        [path] = (box.path / "new").iterdir()
        path.unlink()
        reader.pass_over()
        assert reader.box._left == set()


def test_a_reader_that_dies_reads_the_same_mail_again(make_box):
    with make_box(REPORT) as box:
        reader = Reader(box.url, RuntimeError("the database is gone"))
        with pytest.raises(RuntimeError):
            reader.pass_over()
        assert len(box.mails) == 1
        assert Reader(box.url).pass_over() == {DONE: 1}
        assert not box.mails


def test_a_pass_is_bounded_and_the_next_one_goes_on(make_box):
    with make_box(*[REPORT.replace(b"sorry", f"sorry {n}".encode()) for n in range(MOST_IN_A_PASS + 3)]) as box:
        reader = Reader(box.url)
        assert reader.pass_over() == {DONE: MOST_IN_A_PASS}
        assert reader.pass_over() == {DONE: 3}
        assert len(set(reader.read)) == MOST_IN_A_PASS + 3


def test_a_pass_stops_between_two_mails_when_it_is_asked_to(make_box):
    with make_box(REPORT, PERSON, REPORT) as box:
        reader = Reader(box.url, stop_after=1)
        assert reader.pass_over() == {DONE: 1}
        assert len(box.mails) == 2


def test_a_mail_that_is_too_large_for_a_report_is_left_or_cut(make_box):
    with make_box(b"Subject: large\n\n" + (b"x" * 76 + b"\n") * (LARGEST // 77 + 100), REPORT) as box:
        reader = Reader(box.url, *([LEFT, DONE] if box.url.kind is BoxKind.IMAP else []))
        assert reader.pass_over() == {LEFT: 1, DONE: 1}
        assert max(map(len, reader.read)) <= LARGEST
        assert len(box.mails) == 1


@pytest.mark.parametrize(
    "url",
    [
        BoxUrl(kind=BoxKind.MAILDIR, path="/nowhere/at/all"),
        BoxUrl(kind=BoxKind.MBOX, path="/nowhere/at/all"),
        BoxUrl(kind=BoxKind.MBOX, path="/"),
        BoxUrl(kind=BoxKind.POP3, host="127.0.0.1", port=1, tls=False, user="u", password="p"),
        BoxUrl(kind=BoxKind.IMAP, host="127.0.0.1", port=1, tls=True, user="u", password="p"),
    ],
    ids=lambda url: f"{url.kind}-{url.path}",
)
def test_a_box_that_cannot_be_opened_is_one_error(url):
    with pytest.raises(BoxError):
        Reader(url).pass_over()


def test_an_mbox_file_that_the_first_mail_will_make_is_an_empty_box(tmp_path):
    assert Reader(parse_box_url(f"mbox:{tmp_path}/notes")).pass_over() == {}


def test_an_mbox_file_that_somebody_locked_is_left_for_a_while_and_is_an_error_when_the_lock_stays(tmp_path):
    with FileBox("mbox", tmp_path, [REPORT]) as box:
        lock = Path(f"{box.path}.lock")
        lock.touch()
        reader = Reader(box.url)
        for _ in range(MOST_BUSY):
            assert reader.pass_over() == {}
        with pytest.raises(BoxError):
            reader.pass_over()
        lock.unlink()
        assert reader.pass_over() == {DONE: 1}


def test_a_mail_of_a_maildir_that_somebody_moved_or_may_not_be_read_is_passed_by(tmp_path, monkeypatch):
    with FileBox("maildir", tmp_path, [REPORT, PERSON]) as box:
        [first, second] = sorted((box.path / "new").iterdir())
        reader = Reader(box.url, LEFT)
        take = reader.take
        reader.take = lambda raw: second.rename(box.path / "cur" / f"{second.name}:2,S") and take(raw)
        assert reader.pass_over() == {LEFT: 2}
        reader.take = take
        assert reader.pass_over() == {}
        assert first.exists()


def test_a_mail_that_keeps_its_name_while_its_flags_change_is_the_same_mail(tmp_path):
    with FileBox("maildir", tmp_path, [PERSON]) as box:
        reader = Reader(box.url, LEFT)
        reader.pass_over()
        [path] = (box.path / "new").iterdir()
        path.rename(box.path / "cur" / f"{path.name}:2,S")
        assert reader.pass_over() == {}


@pytest.mark.parametrize("kind", [Pop3, Imap])
def test_a_server_is_read_over_tls_when_its_authority_is_known(kind, tmp_path):
    server, known = contexts(tmp_path)
    with kind([REPORT], server) as box:
        assert Reader(box.url, context=known).pass_over() == {DONE: 1}
        assert not box.mails


@pytest.mark.parametrize("kind", [Pop3, Imap])
@pytest.mark.parametrize("host", ["localhost", "elsewhere.test"])
def test_an_unknown_authority_or_another_host_hears_no_password(kind, host, tmp_path):
    server, known = contexts(tmp_path, host)
    with kind([REPORT], server) as box:
        with pytest.raises(BoxError) as caught:
            Reader(box.url, context=None if host == "localhost" else known).pass_over()
        assert "CERTIFICATE_VERIFY_FAILED" in str(caught.value.__cause__)
        assert box.heard == []


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        (Pop3, {"pass": ["-ERR [AUTH] no"]}),
        (Pop3, {"uidl": ["-ERR not here"]}),
        (Pop3, {"list": [None]}),
        (Pop3, {"retr": [None]}),
        (Imap, {"login": ["NO [AUTHENTICATIONFAILED] no"]}),
        (Imap, {"select": ["NO [NONEXISTENT] no"]}),
        (Imap, {"search": ["BAD what"]}),
        (Imap, {"fetch": [None]}),
    ],
)
def test_a_server_that_refuses_or_hangs_up_is_an_error_and_loses_nothing(kind, answers):
    with kind([REPORT], **answers) as box:
        reader = Reader(box.url)
        with pytest.raises(BoxError):
            reader.pass_over()
        assert len(box.mails) == 1
        assert reader.pass_over() == {DONE: 1}


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        (Pop3, {"retr": ["-ERR this one is broken"]}),
        (Pop3, {"retr": ["+OK\r\n" + "x" * 5000]}),
        (Pop3, {"dele": ["-ERR not this one"]}),
        (Imap, {"fetch": ["NO this one is broken"]}),
        (Imap, {"store": ["NO the box is for reading"]}),
    ],
)
def test_one_mail_that_the_server_cannot_handle_does_not_stand_before_the_others(kind, answers):
    with kind([REPORT, PERSON], **answers) as box:
        reader = Reader(box.url)
        with pytest.raises(BoxError):
            reader.pass_over()
        assert reader.pass_over() == {DONE: 1}
        assert list(box.mails) == [1]


def test_a_pop3_box_that_another_worker_reads_is_left_to_it(tmp_path):
    with Pop3([REPORT], **{"pass": ["-ERR [IN-USE] locked"]}) as box:
        reader = Reader(box.url)
        assert reader.pass_over() == {}
        assert reader.pass_over() == {DONE: 1}


def test_a_lost_goodbye_keeps_the_mail_of_a_pop3_box(tmp_path):
    with Pop3([REPORT], quit=[None]) as box:
        reader = Reader(box.url)
        assert reader.pass_over() == {DONE: 1}
        assert len(box.mails) == 1
        assert reader.pass_over() == {DONE: 1}
        assert not box.mails


def test_an_imap_box_without_uidplus_keeps_what_is_marked_and_does_not_read_it_again():
    with Imap([REPORT, PERSON]) as box:
        box.capabilities = "IMAP4rev1"
        reader = Reader(box.url, DONE, LEFT)
        assert reader.pass_over() == {DONE: 1, LEFT: 1}
        assert (len(box.mails), box.deleted) == (2, {1})
        assert Reader(box.url, LEFT).pass_over() == {LEFT: 1}
        assert box.count("EXPUNGE") == 0


def test_an_imap_box_that_numbers_its_mails_anew_is_read_anew():
    with Imap([PERSON]) as box:
        reader = Reader(box.url, LEFT, LEFT)
        assert reader.pass_over() == {LEFT: 1}
        assert reader.pass_over() == {}
        box.validity += 1
        assert reader.pass_over() == {LEFT: 1}


# poplib leaves its socket to the collector when no greeting comes
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_silent_server_is_an_error_in_time(monkeypatch):
    monkeypatch.setattr(returned_box, "TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = BoxUrl(kind=BoxKind.POP3, host="127.0.0.1", port=silent.getsockname()[1], tls=False)
        with pytest.raises(BoxError):
            Reader(url).pass_over()
