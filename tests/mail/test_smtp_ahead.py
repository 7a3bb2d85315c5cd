"""A server that takes commands in groups (RFC 2920), and one that reports on what it could not deliver (RFC 3461)."""

import pytest

from facilitator.mail.outcome import OutcomeKind, Phase
from facilitator.mail.smtp import Parties
from tests.mail.conftest import NOTES, PAT
from tests.mail.servers import Liar, Strict, honest

TOM = "tom@example.org"
AHEAD = "250-liar\r\n250 PIPELINING"
REPORTS = "250-liar\r\n250-PIPELINING\r\n250 DSN"


def go_on():
    return True


def parties(to=PAT, mark=""):
    return Parties(sender=NOTES, recipient=to, envelope_id=mark)


def test_the_parties_are_named_in_one_write_before_anything_is_decided(client, message):
    with Liar(ehlo=[AHEAD]) as server, client(server.url) as one:
        assert one.announce(parties()) is None
        outcome = one.send(parties(), message, go_on)
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert server.heard[1:4] == [f"MAIL FROM:<{NOTES}>", f"RCPT TO:<{PAT}>", "DATA"]
    assert len(server.messages) == 1


def test_a_server_that_does_not_offer_it_hears_one_command_at_a_time(client, message):
    with Liar(rcpt=["550 5.1.1 nobody"]) as server, client(server.url) as one:
        assert one.announce(parties()) is None
        assert server.heard == ["ehlo mail.example"]
        assert one.send(parties(), message, go_on).phase is Phase.RCPT
    assert "DATA" not in server.heard


def test_what_was_announced_and_not_sent_never_arrives(client, message):
    with Liar(ehlo=[AHEAD] * 3) as server, client(server.url) as one:
        one.announce(parties())
        one.retract()
        assert one.send(parties(TOM), message, go_on).kind is OutcomeKind.ACCEPTED
        one.announce(parties())
    assert len(server.messages) == 1
    assert server.connections == 2


def test_somebody_else_than_announced_is_named_anew(client, message):
    with Liar(ehlo=[AHEAD] * 2) as server, client(server.url) as one:
        one.announce(parties())
        assert one.send(parties(TOM), message, go_on).kind is OutcomeKind.ACCEPTED
    assert [line for line in server.heard if "RCPT" in line][-1] == f"RCPT TO:<{TOM}>"
    assert len(server.messages) == 1


@pytest.mark.parametrize(
    ("answers", "kind", "phase", "enhanced"),
    [
        ({"rcpt": ["550 5.1.1 nobody"], "data": ["554 5.5.1 no valid recipients"]}, "refused", "rcpt", "5.1.1"),
        ({"rcpt": ["450 4.2.0 later"], "data": ["503 5.5.1 no recipients"]}, "deferred", "rcpt", "4.2.0"),
        ({"rcpt": ["550 5.1.1 nobody"], "data": [None]}, "refused", "rcpt", "5.1.1"),
        ({"mail": ["421 4.3.2 closing"], "rcpt": [None]}, "channel", "mail", "4.3.2"),
        ({"mail": ["550 5.7.1 not you"], "rcpt": ["503 first MAIL"], "data": ["503 no"]}, "channel", "mail", "5.7.1"),
        ({"data": ["451 4.3.0 busy"]}, "deferred", "data", "4.3.0"),
        ({"mail": [None]}, "channel", "mail", ""),
    ],
)
def test_the_first_refusal_of_a_group_is_the_one_that_counts(client, message, answers, kind, phase, enhanced):
    with Liar(ehlo=[AHEAD] * 2, **answers) as server, client(server.url) as one:
        outcome = one.send(parties(), message, go_on)
        assert (outcome.kind, outcome.phase, outcome.enhanced) == (kind, phase, enhanced)
        assert one.send(parties(TOM), message, go_on).kind is OutcomeKind.ACCEPTED
    assert len(server.messages) == 1


def test_a_server_that_would_take_a_body_for_nobody_gets_none(client, message):
    """It refused the recipient and answers 354 all the same; the connection is left rather than a body sent."""
    with Liar(ehlo=[AHEAD] * 2, rcpt=["550 5.1.1 nobody"]) as server, client(server.url) as one:
        assert one.send(parties(), message, go_on).kind is OutcomeKind.REFUSED
        assert one.send(parties(TOM), message, go_on).kind is OutcomeKind.ACCEPTED
    assert len(server.messages) == 1
    assert server.connections == 2


def test_a_way_that_is_closed_is_known_when_it_is_announced(client):
    with Liar(greeting=["421 4.3.2 not now"]) as server, client(server.url) as one:
        in_the_way = one.announce(parties())
    assert (in_the_way.kind, in_the_way.code) == (OutcomeKind.CHANNEL, 421)


def test_a_report_is_asked_for_failures_and_delays_alone_and_holds_our_mark(client, message):
    with Liar(ehlo=[REPORTS]) as server, client(server.url) as one:
        one.send(parties(mark="Zx9-_Zx9-_Zx9-_Zx9-_ab"), message, go_on)
    assert server.heard[1:3] == [
        f"MAIL FROM:<{NOTES}> RET=HDRS ENVID=Zx9-_Zx9-_Zx9-_Zx9-_ab",
        f"RCPT TO:<{PAT}> NOTIFY=FAILURE,DELAY",
    ]


def test_a_server_without_reports_is_not_asked_for_one(client, message):
    handler = Strict()
    with honest(handler) as url, client(url) as one:
        assert one.send(parties(mark="Zx9-_Zx9-_Zx9-_Zx9-_ab"), message, go_on).kind is OutcomeKind.ACCEPTED
    assert not [option for option in handler.accepted[0].mail_options if option.startswith(("RET", "ENVID"))]
