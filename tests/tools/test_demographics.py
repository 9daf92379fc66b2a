from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingzhi.tools.demographics import read_demographics


@pytest.mark.parametrize(
    ("text", "age", "sex"),
    [
        ("A 45-year-old man presents", 45, "male"),
        ("An 8-month-old girl", 8 / 12, "female"),
        ("A 3-week-old boy", 21 / 365.25, "male"),
        ("a forty-two year old woman", 42, "female"),
        ("64 yo M with a rash", 64, "male"),
        ("a man in his 50s", 55, "male"),
        ("患者女，68岁。", 68, "female"),
        ("男孩2岁，低热2天", 2, "male"),
        ("患儿，男，5月龄", 5 / 12, "male"),
        ("病患男性，82歲。", 82, "male"),
        ("患者男，50多岁", 50, "male"),
        ("一岁半女婴", 1.5, "female"),
        ("Acne since the age of 14; a 19-year-old man", 19, "male"),
        ("自14岁起长痘，男，19岁", 19, "male"),
        ("女，3岁时发病，现年20岁", 20, "female"),
        ("患儿男，生后9天，母亲24岁", 9 / 365.25, "male"),
        ("A 34-year-old mother of two presents; she itches", 34, "female"),
        ("A woman around 45 years old", 45, "female"),
        ("Biopsy from an 8-year-old girl", 8, "female"),
        ("男，35岁起皮疹3天", 35, "male"),
        ("A man had eczema since the age of 3. He is 30 years old.", 30, "male"),
        ("A boy of 3 months; his 24-year-old mother has sores. A 3-month-old.", 3 / 12, "male"),
        ("Woman, 59, with a red plaque for 3 months.", 59, "female"),
        ("Previously healthy man, 34, seen in autumn", 34, "male"),
        ("A girl (10), home from a holiday", 10, "female"),
        ("男，34，皮疹3天。", 34, "male"),
    ],
)
def test_age_and_sex_are_read(text: str, age: float, sex: str) -> None:
    found = read_demographics(text)
    assert found.age is not None
    assert found.age.value == pytest.approx(age, abs=0.05)
    assert found.sex == sex


@pytest.mark.parametrize("text", ["Woman, 34 weeks pregnant", "A woman, 3 of whose children itch", "A man, 2.5 cm nodule of the arm"])
def test_a_number_after_a_person_is_no_age_unless_it_stands_alone(text: str) -> None:
    assert read_demographics(text).age is None


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("for 3 weeks", 21),
        ("a 2-year history of", 730.5),
        ("started ten days ago", 10),
        ("皮疹3天", 3),
        ("反复发作半年", 182.6),
        ("两个月前出现", 60.8),
        ("瘙痒1周余", 7),
        ("起病数小时", 0.125),
        ("rash for three months, worse in winter", 91.3),
        ("for 2-3 weeks", 21),
        ("皮疹3-4周", 28),
        ("三四天前出现", 4),
        ("20余年反复皮疹", 7305),
        ("瘙痒1年半", 547.9),
        ("two and a half years", 913.1),
        ("for about a year and a half", 547.9),
        ("since yesterday", 1),
        ("昨天起皮疹", 1),
        ("today: x 3/7", 3),
        ("x 2/52", 14),
        ("皮疹５天", 5),
        ("近1月", 30.4),
    ],
)
def test_durations_are_read_in_days(text: str, days: float) -> None:
    assert read_demographics(text).durations[0].value == pytest.approx(days, rel=0.01)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("反复发作3年，加重1周", [1095.8, 7]),
        ("皮疹反复5年余，再发3天", [1826.3, 3]),
        ("A ten-year history of eczema, much worse for the past two weeks", [3652.5, 14]),
    ],
)
def test_a_long_course_and_its_recent_turn_are_both_read(text: str, days: list[float]) -> None:
    assert [d.value for d in read_demographics(text).durations] == pytest.approx(days, rel=0.01)


@pytest.mark.parametrize("text", ["2014年体检正常", "每3天换药", "the patient is 30 years old"])
def test_dates_doses_and_ages_are_no_durations(text: str) -> None:
    assert read_demographics(text).durations == ()


PHRASES = st.sampled_from(
    ["for 3 weeks ", "2-year history ", "ten days ago ", "皮疹3天，", "半年", "20余年", "1年半", "last year ", "红斑，"]
)


@given(phrases=st.lists(PHRASES, max_size=12))
def test_durations_never_overlap_and_stand_in_order(phrases: list[str]) -> None:
    read = read_demographics("".join(phrases)).durations
    assert all(a.end <= b.start for a, b in pairwise(read))
