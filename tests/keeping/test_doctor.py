"""The doctor: each thing that is wrong is found and said with what to do, and nothing is found where all is well."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from config import Mode
from facilitator.accounts.models import Facilitator, Role
from facilitator.keeping import doctor
from facilitator.keeping.doctor import examine
from facilitator.mail.urls import parse_mail_url
from facilitator.reminders.health import TICK_PERIODS
from facilitator.reminders.models import OutboxMessage, Tick

SITE = "server {\n  server_name notes.example.net;\n  %s\n}\n"


@pytest.fixture
def at():
    return datetime.now(UTC)


@pytest.fixture
def well(kept, config, tmp_path, monkeypatch, at):
    """An installation in production with nothing wrong that matters, its settings and where its proxy's lie."""
    backups, nginx = tmp_path / "backups", tmp_path / "nginx"
    for folder in (backups, nginx / "sites-enabled"):
        folder.mkdir(parents=True)
    tmp_path.chmod(0o700)
    backups.chmod(0o700)
    (backups / f"facilitator-{at.date().isoformat()}.backup").touch()
    (nginx / "sites-enabled" / "notes").write_text(SITE % "access_log off;")
    with kept.change() as db:
        db.execute(update(Facilitator).where(Facilitator.name == "Alice").values(role=Role.ADMIN))
        db.execute(delete(OutboxMessage))  # they were due yesterday
        for name in TICK_PERIODS:
            db.add(Tick(name=name, owner="one", epoch=1, started_at=at, finished_at=at, error=""))
    settings = replace(
        config,
        mode=Mode.PRODUCTION,
        base_url="https://notes.example.net",
        mail_url=parse_mail_url("smtp://mail.north.net:587?tls=starttls"),
        mail_from="Notes <notes@north.net>",
        backup_dir=backups,
    )
    return settings, kept, nginx


def serious(well, at, **changed):
    settings, kept, nginx = well
    found = examine(replace(settings, **changed), kept.database, at, nginx)
    return [finding.words for finding in found if finding.serious]


def test_where_all_is_well_nothing_serious_is_found_and_the_rest_is_said_as_a_note(well, at):
    assert serious(well, at) == []
    settings, kept, nginx = well
    notes = " ".join(finding.words for finding in examine(settings, kept.database, at, nginx))
    assert "SPF, DKIM and DMARC cannot be seen from here" in notes
    assert "on the disk of the database" in notes


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"base_url": "http://notes.example.net"}, "travel for all to read"),
        ({"mail_url": parse_mail_url("smtp://mail.north.net:25?tls=none")}, "travels without TLS"),
        ({"mail_from": "Notes <notes@localhost>"}, "which is nobody's"),
        ({"mail_from": "Notes <notes@mail.example>"}, "which is nobody's"),
        ({"backup_dir": None}, "No backups are made"),
    ],
)
def test_a_setting_that_puts_people_at_risk_is_found(well, at, changed, words):
    [found] = serious(well, at, **changed)
    assert words in found


def test_mail_to_this_machine_itself_needs_no_tls(well, at):
    assert serious(well, at, mail_url=parse_mail_url("smtp://127.0.0.1:25?tls=none")) == []


@pytest.mark.parametrize("name", ["", "backups"])
def test_a_folder_that_others_can_read_is_found(well, at, name):
    folder = well[0].data_dir / name
    folder.chmod(0o755)
    assert any(f"can read {folder}" in words for words in serious(well, at))


def test_a_backup_that_is_too_old_is_found(well, at):
    assert any("The last backup is of" in words for words in serious(well, at + timedelta(hours=27)))


def test_a_folder_without_backups_is_found(well, at):
    for path in well[0].backup_dir.iterdir():
        path.unlink()
    [found] = serious(well, at)
    assert "There is no backup in" in found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", True),
        ("# access_log off;", True),
        ("access_log /var/log/nginx/notes.log;", True),
        ("access_log off;\n  location / { }\n  access_log /tmp/x combined;", True),
        ("access_log off;", False),
    ],
)
def test_a_proxy_that_keeps_a_log_of_requests_is_found(well, at, line, found):
    (well[2] / "sites-enabled" / "notes").write_text(SITE % line)
    assert any("a list of who came" in words for words in serious(well, at)) is found


def test_another_site_on_the_same_machine_is_not_ours_to_judge(well, at):
    (well[2] / "sites-enabled" / "shop").write_text("server { server_name shop.north.net; access_log /var/log/shop; }")
    assert serious(well, at) == []


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=2000)])
def test_a_clock_that_is_behind_what_was_seen_already_is_found(well, at, back):
    assert any("has been" in words for words in serious(well, at - back))


def test_a_silent_worker_is_found(well, at):
    with well[1].change() as db:
        db.execute(delete(Tick))
    [found] = serious(well, at)
    assert "The worker is silent" in found


def test_delivery_that_is_not_well_is_named_by_its_codes(well, at):
    with well[1].change() as db:
        db.execute(update(Tick).where(Tick.name == "audit").values(finished_at=at - timedelta(days=2)))
    [found] = serious(well, at)
    assert "Delivery is not well: tick_audit." in found


def test_an_installation_without_an_admin_is_found(well, at):
    with well[1].change() as db:
        db.execute(update(Facilitator).values(role=Role.FACILITATOR))
    assert serious(well, at) == ["No account is an admin."]


def test_a_full_disk_is_found(well, at, monkeypatch):
    monkeypatch.setattr(doctor, "LEAST_FREE", 10**18)
    [found] = serious(well, at)
    assert "MB left" in found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_old_sqlite_is_found(well, at, monkeypatch):
    monkeypatch.setattr(doctor, "SQLITE_LEAST", (99, 0, 0))
    [found] = serious(well, at)
    assert "too old; 99.0.0 is the least" in found


def test_a_database_of_an_older_program_is_found(well, at, monkeypatch):
    monkeypatch.setattr(doctor.migrations, "head", lambda: "9999")
    [found] = serious(well, at)
    assert "init-db" in found
