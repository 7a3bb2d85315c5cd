import pytest

from facilitator.mail.urls import MailUrl, Tls, parse_mail_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mailbox:", MailUrl()),
        ("smtp://mx.example", MailUrl(host="mx.example", port=587, tls=Tls.STARTTLS)),
        ("smtp://mx.example?tls=implicit", MailUrl(host="mx.example", port=465, tls=Tls.IMPLICIT)),
        ("smtp://mx.example:2525/?tls=none", MailUrl(host="mx.example", port=2525, tls=Tls.NONE)),
        ("smtp://[::1]:25?tls=none", MailUrl(host="::1", port=25, tls=Tls.NONE)),
        (
            "smtp://notes%40mail.example:p%2F%3A%23%40%3F@mx.example:587?tls=starttls",
            MailUrl(host="mx.example", port=587, tls=Tls.STARTTLS, user="notes@mail.example", password="p/:#@?"),
        ),
        (
            "smtp://u:p@localhost:25?tls=none",
            MailUrl(host="localhost", port=25, tls=Tls.NONE, user="u", password="p"),
        ),
    ],
)
def test_a_mail_url_is_read(text, expected):
    assert parse_mail_url(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "mailbox:"),
        ("mx.example:25", "mailbox:"),
        ("smtps://mx.example", "mailbox:"),
        ("smtp://:25", "mailbox:"),
        ("mailbox:/tmp", "mailbox:"),
        ("smtp://mx.example?tls=yes", "starttls, implicit or none"),
        ("smtp://mx.example?ssl=1", "nothing else"),
        ("smtp://mx.example:0", "1 to 65535"),
        ("smtp://mx.example:99999", "1 to 65535"),
        ("smtp://mx.example:smtp", "1 to 65535"),
        ("smtp://u:pa/ss@mx.example", "%23 and %2F"),
        ("smtp://u:secret@mx.example?tls=none", "TLS alone"),
        ("smtp://u@mx.example", "both"),
        ("smtp://:secret@mx.example", "both"),
        ("smtp://u:sécret@mx.example", "ASCII"),
        ("smtp://u:secret[@mx.example", "Write mailbox"),
        ("smtp://u:secret@mx.example℀", "Write mailbox"),
    ],
)
def test_a_mistake_is_named_in_plain_words_without_the_password(text, said):
    with pytest.raises(ValueError, match=said) as caught:
        parse_mail_url(text)
    assert "secret" not in str(caught.value)


def test_the_password_is_not_shown_in_a_log():
    assert "hush" not in repr(parse_mail_url("smtp://u:hush@mx.example"))


def test_only_the_bare_word_is_the_local_mailbox():
    assert parse_mail_url("mailbox:").is_mailbox
    assert not parse_mail_url("smtp://mx.example").is_mailbox
