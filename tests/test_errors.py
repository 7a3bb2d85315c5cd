"""What goes wrong is said in plain words, in the language of whoever reads them."""

from datetime import date, time

import pytest
from flask_babel import force_locale

from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.groups.models import Participant
from facilitator.groups.people import settings_token
from tests.factories import ON_SQLITE


@ON_SQLITE
def test_values_stand_in_the_sentence_and_in_the_log_it_is_english(app):
    problem = Invalid("Enter {least} to {most} minutes.", "minutes", least=1, most=90)
    assert str(problem) == problem.message == "Enter 1 to 90 minutes."
    with app.test_request_context(headers={"Accept-Language": "es"}):
        assert problem.message == "Escribe de 1 a 90 minutos."
        assert str(problem) == "Enter 1 to 90 minutes."


@ON_SQLITE
def test_a_day_is_said_as_the_reader_says_days(app):
    problem = Conflict(
        "This group already meets on {day} at {start_time:%H:%M}. Choose another time.",
        day=date(2027, 3, 1),
        start_time=time(18, 30),
    )
    assert problem.message == "This group already meets on 1 March 2027 at 18:30. Choose another time."
    with app.test_request_context(headers={"Accept-Language": "es"}):
        assert "1 de marzo de 2027" in problem.message
        assert "March" not in problem.message
    assert "1 March 2027" in str(problem)


@ON_SQLITE
def test_without_a_reader_it_is_english_and_so_is_what_no_catalogue_knows(app):
    problem = Conflict("This session is cancelled already.")
    with app.app_context(), force_locale("es"):
        assert problem.message == "This session is cancelled already."
    with app.test_request_context(headers={"Accept-Language": "es"}):
        assert problem.message == "Esta sesión ya está cancelada."
        assert NotFound("Nothing of the kind.").message == "Nothing of the kind."


@pytest.mark.parametrize("typed", ["{", "{name}", "100 %", "{0}", "%(name)s"])
def test_what_was_typed_is_never_taken_for_a_place(typed):
    assert Invalid("'{cell}' is not a whole number.", cell=typed).message == f"'{typed}' is not a whole number."
    assert Conflict(typed).message == typed


@ON_SQLITE
def test_a_participant_reads_in_their_language_why_a_choice_cannot_be_taken(house):
    with house.change() as db:
        person = db.get_one(Participant, house.person_id)
        person.language, token = "es", settings_token(db, person)
    choice = {"do": "yes", "wording": "vague", "quiet_from": "20:00", "quiet_to": "08:00"}
    response = house.client(None).post(f"/m/{token}/confirm", data=choice)
    assert response.status_code == 422
    assert "Elige al menos un día." in response.text
