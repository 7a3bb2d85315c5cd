"""The vault: what is sealed opens in its own place alone, and neither its length nor its index tells anything."""

import pytest

from facilitator.vault import PAD_BLOCK, SealError, Vault

KEY = bytes(range(32))
PLACE, ROW = "participant.address", "row-1"
TEXTS = [
    "",
    "p",
    "pat@example.org",
    "Pät · 花子",
    "ends in a mark\x80",
    "ends in nothing\x00",
    "x" * 127,
    "x" * 128,
    "x" * 400,
]


@pytest.fixture
def vault():
    return Vault(KEY)


@pytest.mark.parametrize("text", TEXTS)
def test_what_was_sealed_opens_unchanged(vault, text):
    assert vault.open(PLACE, ROW, vault.seal(PLACE, ROW, text)) == text


@pytest.mark.parametrize(
    ("place", "row"), [("participant.alias", ROW), (PLACE, "row-2"), ("facilitator.email", "row-2")]
)
def test_a_value_copied_to_another_column_or_row_does_not_open(vault, place, row):
    sealed = vault.seal(PLACE, ROW, "pat@example.org")
    with pytest.raises(SealError):
        vault.open(place, row, sealed)


def test_a_value_does_not_open_with_another_key(vault):
    with pytest.raises(SealError):
        Vault(bytes(32)).open(PLACE, ROW, vault.seal(PLACE, ROW, "pat@example.org"))


def test_a_value_with_any_byte_altered_does_not_open(vault):
    sealed = vault.seal(PLACE, ROW, "pat@example.org")
    for index in range(len(sealed)):
        altered = sealed[:index] + bytes([sealed[index] ^ 1]) + sealed[index + 1 :]
        with pytest.raises(SealError):
            vault.open(PLACE, ROW, altered)


@pytest.mark.parametrize("length", [0, 1, 5, 13, 28, 100])
def test_a_value_cut_short_does_not_open(vault, length):
    with pytest.raises(SealError):
        vault.open(PLACE, ROW, vault.seal(PLACE, ROW, "pat@example.org")[:length])


def test_every_short_text_has_the_same_sealed_length(vault):
    lengths = {len(vault.seal(PLACE, ROW, "x" * count)) for count in range(PAD_BLOCK)}
    assert len(lengths) == 1


def test_the_same_text_is_never_sealed_the_same_way_twice(vault):
    assert len({vault.seal(PLACE, ROW, "pat@example.org") for _ in range(50)}) == 50


def test_a_sealed_value_holds_nothing_of_its_text(vault):
    assert b"pat" not in vault.seal(PLACE, ROW, "pat@example.org")


def test_the_index_finds_the_same_text_in_the_same_column_under_the_same_key_alone(vault):
    index = vault.blind_index(PLACE, "pat@example.org")
    assert index == Vault(KEY).blind_index(PLACE, "pat@example.org")
    others = {
        vault.blind_index(PLACE, "bob@example.org"),
        vault.blind_index("facilitator.email", "pat@example.org"),
        Vault(bytes(32)).blind_index(PLACE, "pat@example.org"),
    }
    assert len(others | {index}) == 4


def test_each_purpose_has_a_key_of_its_own(vault):
    assert vault.link_key not in {KEY, Vault(bytes(32)).link_key}
    assert len(vault.link_key) == 32


def test_a_vault_never_shows_its_key(vault):
    assert repr(vault) == "Vault()"


def test_a_refusal_names_the_place_and_nothing_else(vault):
    with pytest.raises(SealError) as caught:
        vault.open(PLACE, "row-2", vault.seal(PLACE, ROW, "pat@example.org"))
    assert caught.value.args == (PLACE,)
