"""Message settings behind a personal link: opening changes nothing, a press does, and nobody is named."""

import re
from datetime import time

import pytest
from sqlalchemy import func, select

from facilitator.groups.models import Participant
from facilitator.groups.people import Entry, add_participants, find_participant_by_settings_token
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.service import add_default_rules, follow_group
from tests.factories import counted
from tests.planning.stage import Group

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def token(stage):
    return stage.settings["Pat"]


@pytest.fixture
def link(token):
    return f"/m/{token}"


def pat(stage):
    with stage.database.read() as db:
        return find_participant_by_settings_token(db, stage.settings["Pat"])


def states(stage):
    with stage.database.read() as db:
        return dict(db.execute(select(Participant.state, func.count()).group_by(Participant.state)).all())


WEEK = [str(day) for day in range(7)]
USUAL = {"days": WEEK, "quiet_from": "20:00", "quiet_to": "08:00", "leads": ["2880", "180"], "language": ""}


def wish(visitor, link, do, **more):
    return visitor.post(link, data={"do": do, **(USUAL if do == "save" else {}), **more})


def test_it_names_nobody_no_group_and_no_history(visitor, link):
    text = re.sub(r"<[^>]+>", " ", visitor.get(link).text.partition('aria-labelledby="help"')[0])
    assert "Messages are on." in text
    assert not re.search(r"\bPat\b|example\.org|Monday Circle|Old Mill|Alice|Bob|\b20\d\d\b", text)


def test_the_pages_of_two_people_with_the_same_choices_differ_by_the_link_alone(stage, visitor):
    first, second = (visitor.get(f"/m/{stage.settings[name]}").text for name in ("Pat", "Kim"))
    assert first.replace(stage.settings["Pat"], "x") == second.replace(stage.settings["Kim"], "x")


@pytest.mark.parametrize("ending", ["", "/stop"])
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_opening_it_changes_nothing_however_often(stage, visitor, link, ending, method):
    with counted(stage.database) as statements:
        for _ in range(3):
            getattr(visitor, method)(link + ending, headers={"User-Agent": "Mail Scanner"})
    assert set(statements) <= {"BEGIN", "SELECT", "PRAGMA"}
    assert pat(stage).state == "active"


@pytest.mark.parametrize(
    ("do", "state", "words"),
    [
        ("pause", "paused", "Messages are paused until you start them again."),
        ("stop", "stopped", "Messages are stopped."),
        ("resume", "active", "Messages are on."),
    ],
)
def test_a_press_takes_effect_and_the_page_says_so(stage, visitor, link, do, state, words):
    response = wish(visitor, link, do)
    assert response.status_code == 303
    assert pat(stage).state == state
    assert words in visitor.get(response.location).text
    assert states(stage).get(state, 0) + states(stage).get("active", 0) >= 8


def test_stopped_messages_can_be_started_again(stage, visitor, link):
    wish(visitor, link, "stop")
    text = visitor.get(link).text
    assert "Start messages again" in text
    assert 'value="stop"' not in text
    wish(visitor, link, "resume")
    assert pat(stage).state == "active"


@pytest.mark.parametrize("wording", ["vague", "plain", "full"])
def test_wording_and_clock_are_kept_together(stage, visitor, link, wording):
    wish(visitor, link, "save", wording=wording, zone="Asia/Tokyo")
    assert (pat(stage).wording, pat(stage).zone) == (wording, "Asia/Tokyo")
    text = visitor.get(link).text
    assert f'name="wording" value="{wording}" checked' in text
    assert '<option value="Asia/Tokyo" selected>' in text


def planned(stage):
    found = select(OutboxMessage.due_at).where(
        OutboxMessage.participant_id == pat(stage).id, OutboxMessage.state == "pending"
    )
    with stage.database.read() as db:
        return sorted(db.scalars(found))


@pytest.fixture
def reminded(stage):
    """Pat's reminders are planned, 48 and 3 hours before each meeting."""
    with stage.database.write() as db:
        group = db.get(Group, stage.group_id)
        add_default_rules(db, group)
        follow_group(db, group, stage.clock.at)
        db.commit()


@pytest.mark.usefixtures("reminded")
def test_another_clock_moves_the_reminders_that_are_planned_at_once(stage, visitor, link):
    before = planned(stage)
    wish(visitor, link, "save", wording="vague", zone="Asia/Tokyo")
    after = planned(stage)
    assert len(after) == len(before)
    # 18:30 in Berlin is 02:30 in Tokyo: both reminders leave before the quiet hours there
    assert all(late < early for late, early in zip(after, before, strict=True))


@pytest.mark.usefixtures("reminded")
def test_what_waited_for_a_forgotten_person_is_withdrawn_at_once(stage, visitor, link):
    wish(visitor, link, "forget")
    with stage.database.read() as db:
        left = select(OutboxMessage.state, OutboxMessage.reason).where(OutboxMessage.participant_id.is_(None))
        assert {tuple(row) for row in db.execute(left)} == {("cancelled", "person_left")}


def test_each_wording_is_shown_with_what_its_letters_carry(visitor, link):
    text = visitor.get(link).text
    assert "Day and time" in text
    assert "Subject “Thursday”, text “Thursday 18:30.” and a private link" in text
    assert "Day only" not in text


def test_the_clock_of_the_meetings_is_no_clock_of_ones_own(stage, visitor, link):
    wish(visitor, link, "save", wording="plain", zone="Asia/Tokyo")
    wish(visitor, link, "save", wording="plain", zone="")
    assert pat(stage).zone is None


@pytest.mark.parametrize(
    "values",
    [
        USUAL | {"do": "save", "wording": "loud", "zone": ""},
        USUAL | {"do": "save", "wording": "", "zone": ""},
        USUAL | {"do": "save", "wording": "plain", "zone": "Mars/Base"},
        USUAL | {"do": "save", "wording": "plain", "days": []},
        USUAL | {"do": "save", "wording": "plain", "quiet_from": "25:00"},
        {"do": "dance"},
        {},
    ],
)
def test_a_wish_that_there_is_not_changes_nothing_and_is_answered_with_what_is_wrong(stage, visitor, link, values):
    response = visitor.post(link, data=values)
    assert response.status_code == 422
    assert "There is a problem" in response.text or "This did not work" in response.text
    assert (pat(stage).wording, pat(stage).zone, pat(stage).state) == ("vague", None, "active")


def test_forgetting_erases_the_row_ends_the_link_and_drops_what_waits(stage, visitor, link):
    with stage.database.write() as db:
        group = db.get(Group, stage.group_id)
        add_default_rules(db, group)
        follow_group(db, group, stage.clock.at)
        db.commit()
    response = wish(visitor, link, "forget")
    assert response.status_code == 303
    assert "Your address is erased" in visitor.get(response.location).text
    assert pat(stage) is None
    assert sum(states(stage).values()) == 7
    assert visitor.get(link).status_code == 404
    with stage.database.read() as db:
        assert db.scalar(select(func.count()).where(OutboxMessage.participant_id.is_(None)))


def test_nothing_of_a_forgotten_person_is_left_in_the_file(stage, visitor, link, tmp_path):
    if not stage.database.is_sqlite:
        return
    sealed = pat(stage).address_sealed, pat(stage).alias_sealed
    places = [path for path in tmp_path.iterdir() if path.name.startswith("facilitator.db")]
    assert any(sealed[0] in path.read_bytes() for path in places)
    wish(visitor, link, "forget")
    assert [path for path in places if any(each in path.read_bytes() for each in sealed)] == []


@pytest.mark.parametrize("ending", ["", "/stop"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_link_has_ended(visitor, ending, method):
    response = getattr(visitor, method)(f"/m/{'A' * 22}{ending}", data={"do": "stop", **ONE_CLICK})
    assert response.status_code == 404
    assert "This link has ended" in response.text


def test_the_link_of_a_meeting_opens_no_settings(stage, visitor):
    assert visitor.get(f"/m/{stage.page}").status_code == 404


def test_one_click_stops_without_a_cookie_and_without_a_redirect(stage, visitor, link):
    # RFC 8058 §3.2: a POST by a machine, with this body, from wherever it stands
    response = visitor.post(
        f"{link}/stop", data=ONE_CLICK, headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example"}
    )
    assert (response.status_code, response.text) == (200, "Stopped.\n")
    assert "Set-Cookie" not in response.headers
    assert pat(stage).state == "stopped"
    assert states(stage) == {"active": 7, "stopped": 1}


def test_one_click_may_be_sent_as_form_data_and_twice(stage, visitor, link):
    for _ in range(2):
        response = visitor.post(f"{link}/stop", data=ONE_CLICK, content_type="multipart/form-data")
        assert response.status_code == 200
    assert pat(stage).state == "stopped"


def test_the_address_in_the_header_shows_a_person_one_button(stage, visitor, link):
    text = visitor.get(f"{link}/stop").text
    assert text.count("<button") == 1
    response = visitor.post(f"{link}/stop", headers={"Sec-Fetch-Site": "same-origin"})
    assert response.status_code == 303
    assert pat(stage).state == "stopped"
    assert "Messages are stopped." in visitor.get(f"{link}/stop").text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "https://evil.example"},
    ],
)
@pytest.mark.parametrize("ending", ["", "/stop"])
def test_a_press_on_another_site_is_refused(stage, visitor, link, headers, ending):
    response = visitor.post(link + ending, data={"do": "stop"}, headers=headers)
    assert response.status_code == 403
    assert pat(stage).state == "active"


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": "null"}, {"Origin": "http://localhost"}],
)
def test_a_press_on_our_own_page_is_taken_from_old_browsers_too(stage, visitor, link, headers):
    assert visitor.post(link, data={"do": "pause"}, headers=headers).status_code == 303


def test_presses_need_no_form_token_as_there_is_no_cookie_to_steal_a_form_with(stage, visitor, link):
    stage.app.config["WTF_CSRF_ENABLED"] = True
    assert wish(visitor, link, "pause").status_code == 303
    assert visitor.post(f"{link}/stop", data=ONE_CLICK).status_code == 200
    assert pat(stage).state == "stopped"


def test_no_page_of_it_sets_a_cookie(stage, visitor, link):
    responses = [
        visitor.get(link),
        visitor.get(f"{link}/stop"),
        wish(visitor, link, "pause"),
        wish(visitor, link, "forget"),
        visitor.get("/m/erased"),
        visitor.get(link),
    ]
    assert [response.status_code for response in responses] == [200, 200, 303, 303, 200, 404]
    assert all("Set-Cookie" not in response.headers for response in responses)


def test_no_wish_makes_a_message(stage, visitor, link):
    for do in ("pause", "resume", "stop"):
        wish(visitor, link, do)
    with stage.database.read() as db:
        assert db.scalar(select(func.count()).select_from(OutboxMessage)) == 0


def test_days_hours_language_and_reminders_are_kept_together(stage, visitor, link):
    with stage.database.write() as db:
        add_default_rules(db, db.get(Group, stage.group_id))
        db.commit()
    chosen = {"wording": "plain", "days": ["0", "3"], "quiet_from": "18:00", "quiet_to": "10:00"}
    wish(visitor, link, "save", **chosen, leads=["180"], language="es")
    found = pat(stage)
    assert (found.days, found.leads, found.language) == (0b1001, [180], "es")
    assert (found.quiet_from_time, found.quiet_to_time) == (time(18), time(10))
    assert "Mensajes" in visitor.get(link).text


def test_every_reminder_that_the_group_has_is_no_choice_of_ones_own(stage, visitor, link):
    with stage.database.write() as db:
        add_default_rules(db, db.get(Group, stage.group_id))
        db.commit()
    wish(visitor, link, "save", wording="plain")
    assert pat(stage).leads is None


def test_what_was_typed_is_kept_beside_what_is_wrong(visitor, link):
    text = wish(visitor, link, "save", wording="full", quiet_from="25:00", zone="Asia/Tokyo").text
    assert 'value="25:00"' in text
    assert 'name="wording" value="full" checked' in text
    assert '<option value="Asia/Tokyo" selected>' in text
    assert 'id="quiet_from-err"' in text


def test_a_new_link_opens_the_page_and_the_old_one_ends_at_once(stage, visitor, link):
    response = wish(visitor, link, "renew")
    assert response.status_code == 303
    assert "This page has a new address now." in visitor.get(response.location).text
    assert visitor.get(link).status_code == 404


def test_whoever_has_not_answered_is_asked_first(stage, visitor, link):
    unanswered(stage)
    assert visitor.get(link).location == f"{link}/confirm"


def unanswered(stage, **values):
    with stage.database.write() as db:
        person = find_participant_by_settings_token(db, stage.settings["Pat"])
        for name, value in ({"consent_round": 0} | values).items():
            setattr(person, name, value)
        db.commit()


def test_the_question_says_nothing_of_whose_it_is_and_is_shown_until_it_is_answered(stage, visitor, link):
    unanswered(stage)
    text = re.sub(r"<[^>]+>", " ", visitor.get(f"{link}/confirm").text.partition('aria-labelledby="help"')[0])
    assert "Is this address safe for messages like this?" in text
    assert not re.search(r"\bPat\b|example\.org|Monday Circle|Old Mill|Alice|Bob", text)
    assert visitor.post(f"{link}/confirm", data=USUAL | {"do": "yes", "wording": "plain"}).status_code == 303
    assert (pat(stage).consent_round, pat(stage).wording) == (1, "plain")
    assert visitor.get(f"{link}/confirm").location == link


@pytest.mark.parametrize("ending", ["/confirm", "/still"])
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_opening_a_question_answers_nothing(stage, visitor, link, ending, method):
    unanswered(stage)
    for _ in range(3):
        getattr(visitor, method)(link + ending)
    assert pat(stage).consent_round == 0


def test_a_yes_without_a_choice_is_asked_again_and_keeps_what_was_typed(stage, visitor, link):
    unanswered(stage)
    response = visitor.post(f"{link}/confirm", data=USUAL | {"do": "yes", "wording": "plain", "days": []})
    assert response.status_code == 422
    assert "Choose at least one day." in response.text
    assert pat(stage).consent_round == 0


@pytest.mark.parametrize(("ending", "do"), [("/confirm", "no"), ("/still", "forget")])
def test_a_no_erases_the_address_at_once(stage, visitor, link, ending, do):
    unanswered(stage, consent_round=0 if do == "no" else 1)
    assert visitor.post(link + ending, data={"do": do}).location == "/m/erased"
    assert pat(stage) is None


@pytest.mark.parametrize(
    ("do", "round_after", "state"), [("yes", 2, "active"), ("pause", 1, "paused"), ("stop", 1, "stopped")]
)
def test_the_question_that_is_asked_again_takes_one_press(stage, visitor, link, do, round_after, state):
    with stage.database.write() as db:
        db.get(Group, stage.group_id).consent_round = 2
        db.commit()
    assert visitor.get(f"{link}/still").status_code == 200
    visitor.post(f"{link}/still", data={"do": do})
    assert (pat(stage).consent_round, pat(stage).state) == (round_after, state)


@pytest.mark.parametrize("ending", ["", "/confirm", "/still", "/stop"])
def test_a_press_on_somebody_elses_page_is_refused_behind_every_link(stage, visitor, link, ending):
    response = visitor.post(link + ending, data={"do": "forget"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
    assert pat(stage) is not None


def test_one_click_stops_messages_of_somebody_who_never_answered(stage, visitor, link):
    unanswered(stage)
    assert visitor.post(f"{link}/stop", data=ONE_CLICK).status_code == 200
    assert pat(stage).state == "stopped"


def test_a_place_that_comes_free_goes_to_the_first_who_waits(stage, visitor, link):
    with stage.database.write() as db:
        group = db.get(Group, stage.group_id)
        group.kind, group.capacity = "open", 8
        db.flush()
        [waiting] = add_participants(db, group, [Entry(alias="Wim", address="wim@example.org")])
        assert waiting.waiting == 1
        db.commit()
    wish(visitor, link, "forget")
    with stage.database.read() as db:
        assert db.get(Participant, waiting.id).waiting == 0
