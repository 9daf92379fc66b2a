"""Check digits of the numbers that identify people."""

from __future__ import annotations

from datetime import date

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = "10X98765432"
TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def chinese_id(number: str) -> bool:
    """Whether 18 signs are a resident identity number: a birth date and the ISO 7064 MOD 11-2 check of GB 11643-1999.

    The old form of 15 digits has no check digit; there the six digits of the birth date must be a day of 19xx.
    """
    if len(number) == 15 and number.isdigit():
        return _is_day("19" + number[6:12])
    if len(number) != 18 or not number[:17].isdigit() or not _is_day(number[6:14]):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, ID_WEIGHTS, strict=False))
    return number[17].upper() == ID_CHECKS[total % 11]


def _is_day(digits: str) -> bool:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).year >= 1880
    except ValueError:
        return False


def luhn(digits: str) -> bool:
    """Whether digits pass the Luhn check of payment cards (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def nhs_number(digits: str) -> bool:
    """Whether ten digits are an NHS number of England (modulus 11: weights 10 to 2, the check digit is 11 less the remainder)."""
    if len(digits) != 10 or not digits.isdigit():
        return False
    check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return check != 10 and check % 11 == int(digits[9])


def hong_kong_id(letters: str, digits: str, check: str) -> bool:
    """Whether `A123456(3)` passes its check: weights 9 to 1, modulus 11.

    Letters count 10 to 35, a missing first letter 36 (`[`, the sign after Z), and the check A is 10.
    """
    values = [ord(letter) - 55 for letter in letters.rjust(2, "[")]
    values += [int(digit) for digit in digits] + [10 if check == "A" else int(check)]
    return sum(value * weight for value, weight in zip(values, range(9, 0, -1), strict=True)) % 11 == 0


def taiwan_id(number: str) -> bool:
    """Whether a letter and nine digits pass the check of the national identification card: weights 1, 9 to 1, 1, modulus 10."""
    code = TAIWAN_LETTERS.index(number[0]) + 10
    digits = [code // 10, code % 10, *map(int, number[1:])]
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 10 == 0
