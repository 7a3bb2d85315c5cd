"""A NUL never breaks a page, on either engine: SQLite would keep it, PostgreSQL refuses it."""


def test_a_nul_in_a_form_is_answered_in_words(house):
    session = house.plan()[0]
    answer = house.client().post(f"/sessions/{session.id}/cancel", data={"reason": "ill\x00ness", "do": "save"})
    assert answer.status_code in {303, 422}


def test_a_nul_in_an_address_leads_nowhere(house):
    for path in ("/groups/a%00b", "/series/%00", "/sessions/%00", "/s/%00", "/m/%00"):
        assert house.client().get(path).status_code == 404
