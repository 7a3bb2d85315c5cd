"""TLS with a certificate that is checked, and signing in."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from facilitator.mail.outcome import OutcomeKind, Phase
from facilitator.mail.smtp import Parties
from facilitator.mail.urls import Tls
from tests.mail.conftest import NOTES, PAT
from tests.mail.servers import PASSWORD, USER, Liar, Strict, honest

PROTECTED = [Tls.STARTTLS, Tls.IMPLICIT]


def make_certificate(folder, host):
    """Write a self-signed certificate for one host and return its two paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    names = (
        [x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.1"))] if host == "localhost" else [x509.DNSName(host)]
    )
    at = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{host}.crt", folder / f"{host}.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


def contexts(folder, host="localhost"):
    """Return the server's context and that of a client who knows its authority."""
    certificate, key = make_certificate(folder, host)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=certificate)


def send(client, message):
    return client.send(Parties(sender=NOTES, recipient=PAT), message, lambda: True)


@pytest.mark.parametrize("tls", PROTECTED)
def test_mail_goes_out_over_tls_to_a_server_whose_authority_is_known(client, message, tmp_path, tls):
    server, known = contexts(tmp_path)
    handler = Strict()
    with honest(handler, tls, server) as url:
        one = client(url, tls_context=known)
        assert [send(one, message).kind for _ in range(2)] == [OutcomeKind.ACCEPTED] * 2
        assert isinstance(one._smtp.sock, ssl.SSLSocket)
        one.close()
    assert len(handler.accepted) == 2
    assert len(handler.connections) == 1


@pytest.mark.parametrize("tls", PROTECTED)
def test_an_unknown_authority_is_not_trusted(client, message, tmp_path, tls):
    server, _ = contexts(tmp_path)
    handler = Strict()
    with honest(handler, tls, server) as url:
        outcome = send(client(url), message)
    assert (outcome.kind, outcome.phase) == (OutcomeKind.CHANNEL, Phase.TLS)
    assert "certificate verify failed" in outcome.text
    assert not handler.accepted


@pytest.mark.parametrize("tls", PROTECTED)
def test_a_certificate_for_another_host_is_not_trusted(client, message, tmp_path, tls):
    server, known = contexts(tmp_path, "elsewhere.test")
    with honest(Strict(), tls, server) as url:
        outcome = send(client(url, tls_context=known), message)
    assert (outcome.kind, outcome.phase) == (OutcomeKind.CHANNEL, Phase.TLS)


def test_a_server_without_starttls_gets_nothing(client, message):
    with Liar() as liar:
        outcome = send(client(replace(liar.url, tls=Tls.STARTTLS, user=USER, password=PASSWORD)), message)
        assert (outcome.kind, outcome.phase) == (OutcomeKind.CHANNEL, Phase.TLS)
    assert all(line.startswith(("ehlo", "helo")) for line in liar.heard)


def test_signing_in_opens_the_way(client, message, tmp_path):
    server, known = contexts(tmp_path)
    handler = Strict()
    with honest(handler, Tls.STARTTLS, server, auth=True) as url:
        one = client(replace(url, user=USER, password=PASSWORD), tls_context=known)
        assert send(one, message).kind is OutcomeKind.ACCEPTED
        one.close()


def test_a_wrong_password_is_the_fault_of_the_way(client, message, tmp_path):
    server, known = contexts(tmp_path)
    with honest(Strict(), Tls.STARTTLS, server, auth=True) as url:
        outcome = send(client(replace(url, user=USER, password="wrong"), tls_context=known), message)
    assert (outcome.kind, outcome.phase, outcome.code) == (OutcomeKind.CHANNEL, Phase.AUTH, 535)
    assert "wrong" not in outcome.text


def test_a_server_that_wants_a_sign_in_refuses_the_way_and_not_the_message(client, message, tmp_path):
    server, known = contexts(tmp_path)
    with honest(Strict(), Tls.STARTTLS, server, auth=True) as url:
        outcome = send(client(url, tls_context=known), message)
    assert (outcome.kind, outcome.phase, outcome.code) == (OutcomeKind.CHANNEL, Phase.MAIL, 530)
