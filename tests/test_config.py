"""The settings: what is read, what is made at the first start, and every mistake told at once."""

import stat
import threading
from base64 import urlsafe_b64encode

import pytest

from config import Config, ConfigError, Mode
from facilitator.mail.urls import Tls

KEY = urlsafe_b64encode(bytes(range(32))).decode()
SERVER = "smtp://notes:secret@mail.example:587?tls=starttls"


@pytest.fixture
def given(tmp_path):
    """The least that an installation in production is told."""
    return {"FACILITATOR_DATA_DIR": str(tmp_path / "data"), "FACILITATOR_MAIL_URL": SERVER}


def mistakes(environment):
    with pytest.raises(ConfigError) as caught:
        Config.from_env(environment)
    return caught.value.mistakes


def test_the_least_that_is_given_makes_a_production_installation(given, tmp_path):
    config = Config.from_env(given)
    assert (config.mode, config.is_demo, config.require_clinical_review) == (Mode.PRODUCTION, False, True)
    assert config.database_url == f"sqlite:///{tmp_path / 'data' / 'facilitator.db'}"
    assert (config.mail_url.host, config.mail_url.tls) == ("mail.example", Tls.STARTTLS)
    assert config.mailbox_dir == tmp_path / "data" / "mailbox"
    assert not config.secure_cookies


def test_the_demonstration_needs_nothing_but_its_folder(tmp_path):
    config = Config.from_env({"FACILITATOR_MODE": "demo", "FACILITATOR_DATA_DIR": str(tmp_path)})
    assert config.mail_url.is_mailbox
    assert config.is_demo
    assert not config.require_clinical_review


def test_every_mistake_stands_in_one_list(tmp_path):
    found = mistakes(
        {
            "FACILITATOR_MODE": "staging",
            "FACILITATOR_DATA_DIR": str(tmp_path),
            "FACILITATOR_DATABASE_URL": "mysql://db",
            "FACILITATOR_VAULT_KEY": "c2hvcnQ=",
            "FACILITATOR_SECRET_KEY_FILE": str(tmp_path / "nowhere"),
            "FACILITATOR_BASE_URL": "notes.example",
            "FACILITATOR_MAIL_URL": "imap://mail.example",
            "FACILITATOR_MAIL_FROM": "nobody",
        }
    )
    named = ("MODE", "DATABASE_URL", "SECRET_KEY_FILE", "VAULT_KEY", "BASE_URL", "MAIL_URL", "MAIL_FROM")
    assert [next(name for name in named if f"FACILITATOR_{name}" in one) for one in found] == list(named)


def test_the_list_is_what_a_person_reads(given):
    with pytest.raises(
        ConfigError, match=r"^The settings cannot be used:\n- FACILITATOR_MODE is 'x'; use demo or production\.$"
    ):
        Config.from_env(given | {"FACILITATOR_MODE": "x"})


@pytest.mark.parametrize("url", ["", "mailbox:"])
def test_production_without_a_mail_server_is_refused(given, url):
    [found] = mistakes(given | {"FACILITATOR_MAIL_URL": url})
    assert "MAIL_URL" in found


@pytest.mark.parametrize(
    "sender", ["nobody", "a@b@c", "Notes <>", "Notes <notes at mail.example>", "Notes <n@m.example>\nBcc: x@y.example"]
)
def test_a_sender_that_no_letter_could_bear_is_refused(given, sender):
    [found] = mistakes(given | {"FACILITATOR_MAIL_FROM": sender})
    assert "MAIL_FROM" in found


@pytest.mark.parametrize(
    "sender", ["notes@mail.example", "Notes <notes@mail.example>", "Notizen <notes@bücher.example>"]
)
def test_a_sender_with_or_without_a_name_is_taken(given, sender):
    assert Config.from_env(given | {"FACILITATOR_MAIL_FROM": sender}).mail_from == sender


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "VAULT_KEY", "MAIL_URL", "MAIL_FROM", "DATABASE_URL", "BASE_URL", "MODE"]
)
def test_any_setting_may_be_a_file(given, tmp_path, name):
    value = {
        "SECRET_KEY": "from a file",
        "VAULT_KEY": KEY,
        "MAIL_URL": SERVER,
        "MAIL_FROM": "file@mail.example",
        "DATABASE_URL": "postgresql+psycopg://db/notes",
        "BASE_URL": "https://notes.example",
        "MODE": "production",
    }[name]
    path = tmp_path / "value"
    path.write_text(value + "\n")
    path.chmod(0o600)
    direct = Config.from_env(
        given | {"FACILITATOR_SECRET_KEY": "x", "FACILITATOR_VAULT_KEY": KEY} | {f"FACILITATOR_{name}": value}
    )
    filed = Config.from_env(
        {**given, "FACILITATOR_SECRET_KEY": "x", "FACILITATOR_VAULT_KEY": KEY, f"FACILITATOR_{name}_FILE": str(path)}
    )
    assert filed == direct


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644, 0o666])
def test_a_key_in_a_file_that_others_can_read_or_change_is_a_mistake(given, tmp_path, mode):
    path = tmp_path / "value"
    path.write_text(KEY)
    path.chmod(mode)
    [found] = mistakes(given | {"FACILITATOR_VAULT_KEY_FILE": str(path)})
    assert f"chmod 600 {path}" in found


def test_a_folder_for_backups_has_to_be_there_and_their_key_to_be_one(given, tmp_path):
    [found] = mistakes(given | {"FACILITATOR_BACKUP_DIR": str(tmp_path / "none")})
    assert "which is no folder" in found
    [found] = mistakes(given | {"FACILITATOR_BACKUP_RECIPIENT": "age1nothing"})
    assert "no public key" in found
    assert Config.from_env(given | {"FACILITATOR_BACKUP_DIR": str(tmp_path)}).backup_dir == tmp_path


def test_a_named_file_that_cannot_be_read_is_a_mistake_and_no_key_is_made_in_its_place(given, tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xff")
    files = {
        "FACILITATOR_VAULT_KEY_FILE": str(tmp_path / "none"),
        "FACILITATOR_SECRET_KEY_FILE": str(tmp_path / "binary"),
    }
    found = mistakes(given | files)
    assert ["SECRET_KEY_FILE" in found[0], "VAULT_KEY_FILE" in found[1], len(found)] == [True, True, 2]
    assert list((tmp_path / "data").iterdir()) == []


def test_keys_are_made_once_and_readable_by_their_owner_alone(given, tmp_path):
    first, second = Config.from_env(given), Config.from_env(given)
    assert first == second
    assert len(first.vault_key) == 32
    assert first.secret_key
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    assert modes == {"secret_key": 0o600, "vault_key": 0o600}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_processes_that_start_together_agree_on_one_key(given):
    together, found = threading.Barrier(8), []

    def start():
        together.wait(10)
        found.append(Config.from_env(given))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(found) == 8
    assert len({(one.vault_key, one.secret_key) for one in found}) == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xff"])
@pytest.mark.parametrize("name", ["vault_key", "secret_key"])
def test_a_key_file_that_holds_no_key_is_a_mistake_and_stays_as_it_is(given, tmp_path, name, content):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / name).write_bytes(content)
    [found] = mistakes(given)
    assert str(folder / name) in found
    assert (folder / name).read_bytes() == content


@pytest.mark.parametrize("key", ["short", "c2hvcnQ=", KEY + "AAAA", "!!!!"])
def test_a_vault_key_of_another_length_is_refused(given, key):
    [found] = mistakes(given | {"FACILITATOR_VAULT_KEY": key})
    assert "32 bytes" in found
    assert key not in found


def test_a_vault_key_may_stand_without_its_padding(given):
    assert Config.from_env(given | {"FACILITATOR_VAULT_KEY": KEY.rstrip("=")}).vault_key == bytes(range(32))


def test_a_data_folder_that_cannot_be_made_is_told_once_for_itself(given, tmp_path):
    (tmp_path / "file").touch()
    found = mistakes(
        given | {"FACILITATOR_DATA_DIR": str(tmp_path / "file" / "data"), "FACILITATOR_MAIL_FROM": "nobody"}
    )
    assert "DATA_DIR" in found[0]
    assert "MAIL_FROM" in found[-1]


def test_cookies_travel_over_https_alone_where_the_installation_does(given):
    config = Config.from_env(given | {"FACILITATOR_BASE_URL": "https://notes.example/"})
    assert config.secure_cookies
    assert config.base_url == "https://notes.example"


def test_no_secret_shows_when_the_settings_are_printed(given):
    config = Config.from_env(given | {"FACILITATOR_SECRET_KEY": "open sesame"})
    assert not any(secret in repr(config) for secret in ("open sesame", "secret@", str(config.vault_key)))


def test_nobody_reads_the_figures_and_nobody_is_pinged_unless_told(given):
    config = Config.from_env(given)
    assert (config.metrics_token, config.ping_url) == ("", "")


@pytest.mark.parametrize("token", ["short", "x" * 15, "sixteen letters !", "sixteenlettersä!", "sixteen\tletters!"])
def test_a_token_that_is_short_or_cannot_travel_is_refused(given, token):
    [found] = mistakes(given | {"FACILITATOR_METRICS_TOKEN": token})
    assert "METRICS_TOKEN" in found
    assert token not in found
    assert Config.from_env(given | {"FACILITATOR_METRICS_TOKEN": "x" * 16}).metrics_token == "x" * 16


PINGED = ["https://hc.example/5f1c", "http://127.0.0.1:8000/x", "http://[::1]/x", "http://localhost/x"]


@pytest.mark.parametrize("url", PINGED)
def test_a_ping_goes_by_https_or_stays_on_this_machine(given, url):
    assert Config.from_env(given | {"FACILITATOR_PING_URL": url}).ping_url == url


@pytest.mark.parametrize(
    "url",
    ["http://hc.example/5f1c", "ftp://127.0.0.1/", "hc.example", "https://", "file:///etc/hosts", "http://[::1/x"],
)
def test_any_other_ping_is_refused(given, url):
    [found] = mistakes(given | {"FACILITATOR_PING_URL": url})
    assert "PING_URL" in found
    assert url not in found


def test_what_a_monitor_knows_is_not_shown(given):
    secret = {"FACILITATOR_METRICS_TOKEN": "x" * 16, "FACILITATOR_PING_URL": PINGED[0]}
    shown = repr(Config.from_env(given | secret))
    assert not [value for value in secret.values() if value in shown]


def test_leaving_leads_to_a_public_site_by_https(given):
    assert Config.from_env(given).exit_url == "https://www.wikipedia.org/"
    chosen = "https://weather.example/today"
    assert Config.from_env(given | {"FACILITATOR_EXIT_URL": chosen}).exit_url == chosen


@pytest.mark.parametrize(
    "url", ["http://weather.example", "weather.example", "https://", "javascript:alert(1)", "/here"]
)
def test_any_other_way_out_is_refused(given, url):
    [found] = mistakes(given | {"FACILITATOR_EXIT_URL": url})
    assert "EXIT_URL" in found
