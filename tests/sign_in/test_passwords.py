import unicodedata

import pytest
from argon2 import PasswordHasher

from crm.errors import Invalid
from crm.organization import passwords
from crm.organization.passwords import check_password, hash_password, outdated, verify_password, weakness


@pytest.mark.parametrize("weak", [
    "", "short9chr", "1234567890", "Qwertyuiop", "ЙЦУКЕНГШЩЗ", "aaaaaaaaaaaa", "abababababab", "olha.koval2026", "Ольга2026!", "firm.example1", "x" * 1025,
])
def test_a_password_that_is_guessed_first_is_refused(weak: str) -> None:
    assert weakness(weak, "olha.koval@firm.example", "Ольга Коваль") is not None
    with pytest.raises(Invalid) as refused:
        check_password(weak, "olha.koval@firm.example", "Ольга Коваль", field="new")
    assert set(refused.value.fields) == {"new"}


@pytest.mark.parametrize("good", ["seven quiet storks", "сім тихих лелек", "Correct-horse-9-battery", "koval forges nine swords", "x" * 512 + "abcd"])
def test_a_long_phrase_is_accepted_without_demands_on_signs(good: str) -> None:
    assert weakness(good, "olha.koval@firm.example", "Ольга Коваль") is None


def test_only_an_argon2id_hash_with_a_salt_of_its_own_is_kept() -> None:
    one, two = hash_password("seven quiet storks"), hash_password("seven quiet storks")
    assert one.startswith("$argon2id$")
    assert one != two
    assert "storks" not in one


def test_the_right_password_is_told_from_the_wrong_one() -> None:
    stored = hash_password("сім тихих лелек")
    assert verify_password(stored, "сім тихих лелек")
    assert not verify_password(stored, "сім тихих лелека")
    assert not verify_password(stored, "")
    assert not verify_password("no hash at all", "сім тихих лелек")


def test_the_same_letters_typed_as_one_sign_or_as_two_are_the_same_password() -> None:
    composed, split = unicodedata.normalize("NFC", "її їжаки йдуть"), unicodedata.normalize("NFD", "її їжаки йдуть")
    assert composed != split
    assert verify_password(hash_password(composed), split)


def test_without_a_hash_the_same_work_is_done_and_the_answer_is_no(compared: list[str]) -> None:
    assert not verify_password(None, "nobody signs in with this")
    assert not verify_password(None, "x" * 100_000)
    assert len(compared) == 2


def test_a_hash_made_with_weaker_parameters_is_to_be_made_again() -> None:
    assert outdated(PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("seven quiet storks"))
    assert not outdated(passwords.hash_password("seven quiet storks"))
