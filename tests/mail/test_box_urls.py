import pytest

from facilitator.mail.box_urls import BoxKind, BoxUrl, parse_box_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("maildir:/var/mail/notes", BoxUrl(kind=BoxKind.MAILDIR, path="/var/mail/notes")),
        (" mbox:/var/mail/a#b?c\n", BoxUrl(kind=BoxKind.MBOX, path="/var/mail/a#b?c")),
        ("pop3s://u:p@mx.example", BoxUrl(kind=BoxKind.POP3, host="mx.example", port=995, user="u", password="p")),
        (
            "pop3://u:p@localhost/",
            BoxUrl(kind=BoxKind.POP3, host="localhost", port=110, tls=False, user="u", password="p"),
        ),
        (
            "pop3://u:p@[::1]:1110",
            BoxUrl(kind=BoxKind.POP3, host="::1", port=1110, tls=False, user="u", password="p"),
        ),
        (
            "imaps://notes%40mail.example:p%2F%3A%23%40%3F@mx.example",
            BoxUrl(
                kind=BoxKind.IMAP,
                host="mx.example",
                port=993,
                user="notes@mail.example",
                password="p/:#@?",
                folder="INBOX",
            ),
        ),
        (
            "imaps://u:p@mx.example:1993/Returned%20mail/2026",
            BoxUrl(
                kind=BoxKind.IMAP, host="mx.example", port=1993, user="u", password="p", folder="Returned mail/2026"
            ),
        ),
    ],
)
def test_the_address_of_a_box_is_read(text, expected):
    assert parse_box_url(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "maildir:/path"),
        ("/var/mail/notes", "maildir:/path"),
        ("smtp://u:secret@mx.example", "maildir:/path"),
        ("pop3s://u:secret@", "maildir:/path"),
        ("maildir:notes", "starts with /"),
        ("mbox:", "starts with /"),
        ("mbox:/a\0b", "starts with /"),
        ("pop3://u:secret@mx.example", "pop3s://"),
        ("imap://u:secret@mx.example", "imaps://"),
        ("pop3s://mx.example", "both"),
        ("pop3s://u@mx.example", "both"),
        ("pop3s://:secret@mx.example", "both"),
        ("pop3s://u:secret%0d%0aDELE@mx.example", "printable ASCII"),
        ("pop3s://u:sécret@mx.example", "printable ASCII"),
        ("pop3s://u:secret@mx.example:0", "1 to 65535"),
        ("pop3s://u:secret@mx.example:99999", "1 to 65535"),
        ("pop3s://u:sec/ret@mx.example", "%2F"),
        ("pop3s://u:p?secret@mx.example", "%3F and %23"),
        ("pop3s://u:secret@mx.example?tls=none", "%3F and %23"),
        ("pop3s://u:secret@mx.example#x", "%3F and %23"),
        ("pop3s://u:secret@mx.example/INBOX", "no folders"),
        ('imaps://u:secret@mx.example/a"b', "without quotes"),
        ("imaps://u:secret@mx.example/a%0d%0ab", "without quotes"),
        ("imaps://u:secret@mx.example/Papierkörbe", "without quotes"),
        ("imaps://u:secret@[mx.example", "maildir:/path"),
        ("imaps://u:secret@mx\u2100example", "maildir:/path"),
    ],
)
def test_a_mistake_is_named_in_plain_words_without_the_password(text, said):
    with pytest.raises(ValueError, match=said) as caught:
        parse_box_url(text)
    assert "secret" not in str(caught.value)


def test_the_password_is_not_shown_in_a_log():
    assert "hush" not in repr(parse_box_url("imaps://who:hush@mx.example"))
    assert "who" not in repr(parse_box_url("imaps://who:hush@mx.example"))
