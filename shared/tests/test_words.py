"""How figures read in texts for people."""

from shared import words


def test_money_and_telephone_numbers_read_as_people_write_them() -> None:
    assert [words.dollars(cents) for cents in (0, 5, 123_456, -100)] == ["$0.00", "$0.05", "$1,234.56", "-$1.00"]
    assert words.phone("+16175550100") == "(617) 555-0100"
    assert words.phone("+34911234567") == "+34911234567"
