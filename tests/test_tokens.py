"""Ids and link tokens: random or derived, 22 url-safe characters, one purpose each."""

import re

from facilitator.tokens import TOKEN_LENGTH, link_token, new_id, token_hash

KEY = bytes(range(32))
URL_SAFE = re.compile(r"[A-Za-z0-9_-]{22}")


def test_an_id_is_22_url_safe_characters_of_128_random_bits():
    ids = {new_id() for _ in range(2000)}
    assert len(ids) == 2000
    assert all(URL_SAFE.fullmatch(one) for one in ids)
    # every position varies: the last holds two bits, the others six
    assert [len({one[place] for one in ids}) > 3 for place in range(TOKEN_LENGTH)] == [True] * TOKEN_LENGTH


def test_a_link_token_is_the_same_each_time_it_is_derived():
    assert link_token(KEY, "session", "abc", 1) == link_token(KEY, "session", "abc", 1)
    assert URL_SAFE.fullmatch(link_token(KEY, "session", "abc", 1))


def test_a_token_opens_one_thing_for_one_purpose_in_one_version_under_one_key():
    tokens = {
        link_token(KEY, "session", "abc", 1),
        link_token(KEY, "settings", "abc", 1),
        link_token(KEY, "session", "abd", 1),
        link_token(KEY, "session", "abc", 2),
        link_token(bytes(32), "session", "abc", 1),
    }
    assert len(tokens) == 5


def test_the_parts_of_a_token_cannot_be_shifted_into_each_other():
    assert link_token(KEY, "session", "abc1", 1) != link_token(KEY, "session", "abc", 11)
    assert link_token(KEY, "sessiona", "bc", 1) != link_token(KEY, "session", "abc", 1)


def test_a_token_is_looked_up_under_its_hash():
    token = new_id()
    assert re.fullmatch(r"[0-9a-f]{64}", token_hash(token))
    assert token not in token_hash(token)
    assert token_hash(token) == token_hash(token) != token_hash(new_id())
