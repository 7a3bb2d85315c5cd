"""What became of a hand-over, told from what a server says and where it falls silent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from facilitator.mail.connection import Timeouts
from facilitator.mail.outcome import OutcomeKind, Phase
from facilitator.mail.smtp import MAX_MESSAGES, Parties
from facilitator.mail.urls import MailUrl
from tests.mail.conftest import NOTES, PAT
from tests.mail.servers import HOST, Liar, Strict, free_port, honest


def go_on():
    return True


def send(client, message, to=PAT):
    return client.send(Parties(sender=NOTES, recipient=to), message, go_on)


def test_a_server_that_answers_250_has_the_message(client, message):
    handler = Strict()
    with honest(handler) as url:
        outcome = send(client(url), message)
    assert (outcome.kind, outcome.phase, outcome.code, outcome.enhanced) == (
        OutcomeKind.ACCEPTED,
        Phase.REPLY,
        250,
        "2.0.0",
    )
    [envelope] = handler.accepted
    assert (envelope.mail_from, envelope.rcpt_tos) == (NOTES, [PAT])
    assert envelope.original_content == message


@pytest.mark.parametrize(
    ("step", "answer", "kind", "phase", "enhanced"),
    [
        ("rcpt", "450 4.2.0 greylisted", OutcomeKind.DEFERRED, Phase.RCPT, "4.2.0"),
        ("rcpt", "451 later", OutcomeKind.DEFERRED, Phase.RCPT, ""),
        ("rcpt", "550 5.1.1 no such person", OutcomeKind.REFUSED, Phase.RCPT, "5.1.1"),
        ("rcpt", "530 5.7.0 sign in first", OutcomeKind.CHANNEL, Phase.RCPT, "5.7.0"),
        ("rcpt", "535 5.7.8 bad credentials", OutcomeKind.CHANNEL, Phase.RCPT, "5.7.8"),
        ("rcpt", "421 4.3.2 closing", OutcomeKind.CHANNEL, Phase.RCPT, "4.3.2"),
        ("mail", "550 5.7.1 not you", OutcomeKind.CHANNEL, Phase.MAIL, "5.7.1"),
        ("mail", "451 later", OutcomeKind.CHANNEL, Phase.MAIL, ""),
        ("data", "451 4.3.0 later", OutcomeKind.DEFERRED, Phase.REPLY, "4.3.0"),
        ("data", "554 no", OutcomeKind.REFUSED, Phase.REPLY, ""),
        ("data", "552 5.3.4 too big", OutcomeKind.REFUSED, Phase.REPLY, "5.3.4"),
        ("data", "421 closing", OutcomeKind.CHANNEL, Phase.REPLY, ""),
    ],
)
def test_a_refusal_is_laid_to_the_message_or_to_the_way(client, message, step, answer, kind, phase, enhanced):
    handler = Strict(**{step: [answer]})
    with honest(handler) as url:
        one = client(url)
        outcome = send(one, message)
        assert (outcome.kind, outcome.phase, outcome.enhanced) == (kind, phase, enhanced)
        assert outcome.code == int(answer[:3])
        assert not handler.accepted
        assert send(one, message).kind is OutcomeKind.ACCEPTED


@pytest.mark.parametrize("refusal", ["450 4.2.0 later", "550 5.1.1 nobody"])
def test_after_a_refused_person_the_next_one_goes_out_on_the_same_connection(client, message, refusal):
    handler = Strict(rcpt=[refusal])
    with honest(handler) as url:
        one = client(url)
        outcomes = [send(one, message, to).kind for to in (PAT, "bob@example.org")]
    assert outcomes[1] is OutcomeKind.ACCEPTED
    assert len(handler.connections) == 1
    assert [envelope.rcpt_tos for envelope in handler.accepted] == [["bob@example.org"]]


def test_a_server_that_refuses_rset_is_left(client, message):
    with Liar(rcpt=["450 later"], rset=["502 no"]) as liar:
        one = client(liar.url)
        assert send(one, message).kind is OutcomeKind.DEFERRED
        assert send(one, message).kind is OutcomeKind.ACCEPTED
    assert liar.connections == 2


@pytest.mark.parametrize(("helo", "kind"), [([], OutcomeKind.ACCEPTED), (["502 no"], OutcomeKind.CHANNEL)])
def test_a_server_too_old_for_ehlo_is_greeted_with_helo(client, message, helo, kind):
    with Liar(ehlo=["502 no"], helo=helo) as liar, client(liar.url) as one:
        assert send(one, message).kind is kind
    assert liar.heard[:2] == ["ehlo mail.example", "helo mail.example"]


def test_a_refused_person_is_followed_by_rset(client, message):
    with Liar(rcpt=["450 later"]) as liar:
        one = client(liar.url)
        assert send(one, message).kind is OutcomeKind.DEFERRED
        assert send(one, message).kind is OutcomeKind.ACCEPTED
    assert [line.split()[0] for line in liar.heard] == ["ehlo", "MAIL", "RCPT", "rset", "MAIL", "RCPT", "DATA"]


@pytest.mark.parametrize(
    ("answers", "phase"),
    [
        ({"greeting": [None]}, Phase.CONNECT),
        ({"greeting": ["554 go away"]}, Phase.CONNECT),
        ({"ehlo": [None]}, Phase.HELO),
        ({"mail": [None]}, Phase.MAIL),
        ({"rcpt": [None]}, Phase.RCPT),
        ({"data": [None]}, Phase.DATA),
        ({"data": ["250 what"]}, Phase.DATA),
        ({"rcpt": ["gibberish"]}, Phase.RCPT),
    ],
)
def test_a_break_before_the_dot_is_certainly_unsent(client, message, answers, phase):
    with Liar(**answers) as liar:
        one = client(liar.url)
        outcome = send(one, message)
        assert (outcome.kind, outcome.phase) == (OutcomeKind.CHANNEL, phase)
        assert not liar.messages
        assert send(one, message).kind is OutcomeKind.ACCEPTED
    assert len(liar.messages) == 1


def test_a_server_that_hangs_up_in_the_middle_of_the_body_has_nothing(client, message):
    endless = message + b"x" * 998 + b"\r\n"
    with Liar(body=[None]) as liar:
        outcome = send(client(liar.url), endless * 5000)  # more than the kernel buffers, so that the break shows
    assert (outcome.kind, outcome.phase) == (OutcomeKind.CHANNEL, Phase.BODY)


@pytest.mark.parametrize("answer", [None, "gibberish", "354 more please", "x" * 9000])
def test_no_readable_answer_to_the_dot_is_unknown(client, message, answer):
    with Liar(dot=[answer]) as liar:
        one = client(liar.url)
        outcome = send(one, message)
        assert (outcome.kind, outcome.phase) == (OutcomeKind.UNKNOWN, Phase.REPLY)
        assert outcome.code in {0, 354}
        assert send(one, message).kind is OutcomeKind.ACCEPTED
    assert liar.connections == 2


def test_a_slow_answer_to_the_dot_is_waited_for_much_longer_than_to_a_command(client, message):
    patient = Timeouts(command=timedelta(seconds=0.3), reply=timedelta(seconds=10))
    with Liar(dot=[1.0]) as liar:
        outcome = send(client(liar.url, timeouts=patient), message)
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert len(liar.messages) == 1


def test_an_answer_to_the_dot_that_never_comes_is_unknown_once(client, message):
    hasty = Timeouts(reply=timedelta(seconds=0.2))
    with Liar(dot=[3.0]) as liar:
        outcome = send(client(liar.url, timeouts=hasty), message)
    assert (outcome.kind, outcome.phase) == (OutcomeKind.UNKNOWN, Phase.REPLY)
    assert len(liar.messages) == 1


def test_a_slow_command_ends_in_a_timeout_before_the_dot(client, message):
    hasty = Timeouts(command=timedelta(seconds=0.2))
    with Liar(rcpt=[3.0]) as liar:
        outcome = send(client(liar.url, timeouts=hasty), message)
    assert (outcome.kind, outcome.phase) == (OutcomeKind.CHANNEL, Phase.RCPT)


def test_the_waits_are_those_of_the_rfc():
    waits = Timeouts()
    assert (waits.connect, waits.command, waits.reply) == (
        timedelta(seconds=10),
        timedelta(seconds=60),
        timedelta(seconds=600),
    )


def test_an_expired_lease_drops_the_connection_and_not_the_dot(client, message):
    with Liar() as liar:
        one = client(liar.url)
        outcome = one.send(Parties(sender=NOTES, recipient=PAT), message, lambda: False)
        assert (outcome.kind, outcome.phase) == (OutcomeKind.ABANDONED, Phase.DOT)
        assert send(one, message).kind is OutcomeKind.ACCEPTED
    assert len(liar.messages) == 1
    assert liar.connections == 2


def test_nobody_listening_is_the_fault_of_the_way(client, message):
    outcome = send(client(MailUrl(host=HOST, port=free_port())), message)
    assert (outcome.kind, outcome.phase, outcome.code) == (OutcomeKind.CHANNEL, Phase.CONNECT, 0)


def test_one_connection_carries_many_messages(client, message):
    handler = Strict()
    with honest(handler) as url:
        one = client(url)
        assert {send(one, message).kind for _ in range(20)} == {OutcomeKind.ACCEPTED}
    assert len(handler.connections) == 1


def test_a_connection_is_changed_after_its_hundredth_message(client, message):
    handler = Strict()
    with honest(handler) as url:
        one = client(url)
        for _ in range(MAX_MESSAGES + 1):
            send(one, message)
    assert len(handler.accepted) == MAX_MESSAGES + 1
    assert len(handler.connections) == 2


def test_a_connection_is_changed_after_five_minutes(client, message):
    seconds = [0.0]
    with Liar() as liar:
        one = client(liar.url, monotonic=lambda: seconds[0])
        send(one, message)
        seconds[0] = 301.0
        assert send(one, message).kind is OutcomeKind.ACCEPTED
    assert liar.connections == 2


@pytest.mark.parametrize(("noop", "connections"), [([], 1), (["421 too long idle"], 2), ([None], 2)])
def test_an_idle_connection_is_asked_before_it_is_used(client, message, noop, connections):
    seconds = [0.0]
    with Liar(noop=noop) as liar:
        one = client(liar.url, monotonic=lambda: seconds[0])
        send(one, message)
        seconds[0] = 60.0
        assert send(one, message).kind is OutcomeKind.ACCEPTED
    assert "noop" in liar.heard
    assert liar.connections == connections


def test_a_connection_that_the_server_has_closed_is_replaced_unnoticed(client, message):
    with honest(Strict()) as url:
        one = client(url)
        send(one, message)
    with honest(Strict()) as again:
        one._target = replace(again, tls=url.tls)
        assert send(one, message).kind is OutcomeKind.ACCEPTED


def test_a_reply_is_kept_without_the_address_and_cut(client, message):
    said = f"550 5.1.1 <{PAT}>: no such mailbox \x07 " + "x" * 300
    with honest(Strict(rcpt=[said])) as url:
        outcome = send(client(url), message)
    assert PAT not in outcome.text
    assert outcome.text.startswith("5.1.1 [address]: no such mailbox x")
    assert len(outcome.text) == 200


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("550 5.1.1 User pat unknown", "5.1.1 User [address] unknown"),
        ('550 5.1.1 no mailbox "PAT" here.', '5.1.1 no mailbox "[address]" here.'),
        ("550 5.1.1 Pat. See our page", "5.1.1 [address]. See our page"),
        ("550 5.1.1 pattern, spat and pat.smith", "5.1.1 pattern, spat and pat.smith"),
    ],
)
@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_a_reply_is_kept_without_the_name_before_the_at_sign(client, message, step, said, kept):
    with honest(Strict(**{step: [said]})) as url:
        outcome = send(client(url), message)
    assert (outcome.text, outcome.enhanced) == (kept, "5.1.1")


def test_a_name_before_the_at_sign_that_is_a_word_of_the_answer_changes_nothing_but_words(client, message):
    with honest(Strict(rcpt=["550 5.1.1 1 unknown"])) as url:
        outcome = send(client(url), message, "1@example.org")
    assert (outcome.code, outcome.enhanced, outcome.text) == (550, "5.1.1", "5.1.1 [address] unknown")


@pytest.mark.parametrize(
    "address", ["pat@example.org> BODY=8BITMIME", "pat@example.org\r\nRCPT TO:<eve@example.org", "pat"]
)
def test_an_address_that_would_be_a_command_is_refused_before_anything_is_said(client, message, address):
    with Liar() as liar, pytest.raises(ValueError, match="address"):
        client(liar.url).send(Parties(sender=NOTES, recipient=address), message, go_on)
    assert not liar.heard


@pytest.mark.parametrize("broken", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\n.\nMAIL FROM:<x@y>\r\n"])
def test_a_message_with_bare_line_ends_is_refused(client, broken):
    with Liar() as liar, pytest.raises(ValueError, match="CRLF"):
        client(liar.url).send(Parties(sender=NOTES, recipient=PAT), broken, go_on)


def test_an_address_outside_ascii_needs_a_server_that_carries_it(client, message):
    with Liar() as liar:
        outcome = send(client(liar.url), message, "p\u00e4t@example.org")
    assert (outcome.kind, outcome.enhanced) == (OutcomeKind.REFUSED, "5.6.7")
