"""Whom a row is about: laws, and the cases that coordinators meet."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dostyk.imports.rules import Doubt, Identity, Known, match

AIGUL = Identity("aigul aitbaeva", "KG", 1990, "aigul@example.org")
names = st.sampled_from(["aigul aitbaeva", "aitbaeva aigul", "bakit omurov", "ahmad", "ahmad shah"])
identities = st.builds(Identity, names, st.just("KG"), st.sampled_from([None, 1985, 1990]), st.sampled_from(["", "a@x.kg", "b@x.kg"]))
registers = st.lists(st.tuples(identities, st.booleans()), max_size=5).map(
    lambda found: [Known(number, identity, here) for number, (identity, here) in enumerate(found, 1)]
)


def asked(row: Identity, register: list[Known]) -> int | Doubt | None:
    """As the queries do: who has the address, and who is called so."""
    holders = [known for known in register if row.email and known.identity.email == row.email]
    namesakes = [known for known in register if known.identity.key == row.key and known.identity.country == row.country]
    return match(row, holders, namesakes)


@given(identities, registers)
def test_nobody_is_found_who_has_another_address_or_was_born_in_another_year(row, register):
    found = asked(row, register)
    if isinstance(found, int):
        known = register[found - 1].identity
        assert not (row.email and known.email) or row.email == known.email
        assert row.agrees(known)
        assert row.email or None in (row.birth_year, known.birth_year) or row.birth_year == known.birth_year


@given(identities, registers)
def test_who_was_registered_from_a_row_is_found_by_the_same_row_unless_others_make_it_doubtful(row, register):
    if asked(row, register) is None:
        known = Known(len(register) + 1, row, here=True)
        assert asked(row, [*register, known]) == known.id


@given(identities, registers)
def test_the_order_of_the_register_does_not_matter(row, register):
    assert asked(row, register) == match(
        row,
        [k for k in reversed(register) if row.email and k.identity.email == row.email],
        [k for k in reversed(register) if k.identity.key == row.key],
    )


@pytest.mark.parametrize(
    ("row", "known", "here", "found"),
    [
        (AIGUL, AIGUL, False, 1),
        (AIGUL, replace(AIGUL, name="aitbaeva aigul serikovna"), False, 1),
        (AIGUL, replace(AIGUL, name="gulnara aitbaeva"), False, Doubt.ADDRESS_OF_ANOTHER),
        (AIGUL, replace(AIGUL, birth_year=1991), False, 1),
        (AIGUL, replace(AIGUL, email=""), False, 1),
        (AIGUL, replace(AIGUL, email="", birth_year=1991), False, None),
        (AIGUL, replace(AIGUL, email="", birth_year=None), False, Doubt.NAMESAKES),
        (AIGUL, replace(AIGUL, email="", birth_year=None), True, 1),
        (AIGUL, replace(AIGUL, email="other@example.org"), False, Doubt.OTHER_ADDRESS),
        (AIGUL, replace(AIGUL, email="other@example.org", birth_year=None), False, None),
        (replace(AIGUL, email=""), AIGUL, False, 1),
        (replace(AIGUL, email="", birth_year=None), AIGUL, False, Doubt.NAMESAKES),
        (replace(AIGUL, email="", birth_year=None), AIGUL, True, 1),
        (replace(AIGUL, email="", birth_year=None), replace(AIGUL, email="", birth_year=None), False, 1),
    ],
)
def test_cases(row, known, here, found):
    assert asked(row, [Known(1, known, here)]) == found


def test_two_who_could_be_meant_are_a_doubt():
    twins = [Known(n, replace(AIGUL, email="")) for n in (1, 2)]
    assert asked(AIGUL, twins) == Doubt.NAMESAKES
    assert asked(AIGUL, [Known(n, AIGUL) for n in (1, 2)]) == Doubt.ADDRESS_OF_SEVERAL
