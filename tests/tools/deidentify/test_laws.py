from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.tools.deidentify import Masker

PIECES = [
    "患者",
    "王小明",
    "欧阳静",
    "张某某",
    "，",
    "。",
    "：",
    ":",
    "\n",
    "姓名：",
    "男",
    "45岁",
    "电话",
    "13800138000",
    "身份证号：",
    ("11010519491231002X"),
    "2024-03-05",
    "2024/3/5",
    "2024年3月5日",
    "3月5日",
    "2024年3月",
    "05/03/2024",
    "03/25/2024",
    "5",
    "March",
    "2024",
    "Mar",
    "5,",
    "2024",
    "31st",
    "December",
    "1999",
    "20240305",
    "2月29日",
    "[PERSON-K7F2]",
    "PERSON-K7F2",
    "[DATE-2345]",
    "【ID-BCD2】",
    "Mr",
    "Smith",
    "John",
    ",",
    "a",
    "45-year-old",
    "St",
    "Mary's",
    "Hospital",
    "Dr",
    "12",
    "High",
    "Street",
    "MRN:",
    "123456",
    "a@b.cn",
    "https://x.cn/u/1",
    "微信：",
    "abc_123",
    "北京市海淀区中关村大街27号",
    "北京协和医院",
    "WBC",
    "9.8×10^9/L",
    "１３８００１３８０００",
    "２０２４年３月５日",
    "二〇二四年三月五日",
    "民国113年3月5日",
    "(",
    ")",
    "/",
    "-",
    ".",
    "1",
    "0",
    "年",
    "月",
    "日",
]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from([*PIECES, " "]), max_size=25).map("".join))
DAYS = st.dates(date(1950, 1, 1), date(2060, 12, 31))


@given(text=TEXTS, seed=st.text(max_size=5))
@settings(max_examples=400, deadline=None)
def test_unmasking_a_masked_text_gives_the_text(text: str, seed: str) -> None:
    masker = Masker(seed)
    assert masker.unmask(masker.mask(text)) == text


@given(texts=st.lists(TEXTS, min_size=2, max_size=4))
@settings(max_examples=100, deadline=None)
def test_the_law_holds_over_several_texts_of_one_masker(texts: list[str]) -> None:
    masker = Masker("several")
    masked = [masker.mask(text) for text in texts]
    assert [masker.unmask(m) for m in masked] == texts


@given(text=TEXTS)
@settings(max_examples=150, deadline=None)
def test_a_masked_text_is_not_masked_again(text: str) -> None:
    masker = Masker("again")
    masked = masker.mask(text)
    if "-" in masked and re.search(r"\[[A-Z]+-[A-Z\d]{4}\]", masked) and masked != text:
        assert masker.mask(masked) == masked


@given(text=TEXTS)
@settings(max_examples=150, deadline=None)
def test_what_stands_between_identifiers_keeps_its_length(text: str) -> None:
    masker = Masker("length")
    masked = masker.mask(text)
    pieces = [p for p in re.split(r"\[[A-Z]+-[A-Z\d]{4}\]", masked) if not re.search(r"\d", p)]
    assert all(piece in text for piece in pieces)


def test_a_text_that_holds_the_placeholder_to_come_still_comes_back() -> None:
    coming = Masker("same").mask("王小明先生")
    text = f"{coming[:13]} 患者王小明先生"
    masker = Masker("same")
    assert masker.unmask(masker.mask(text)) == text


def test_the_same_identifier_gets_the_same_placeholder_in_every_text() -> None:
    masker = Masker("stable")
    first, second = masker.mask("姓名：王小明"), masker.mask("患者王小明，男")
    assert first.removeprefix("姓名：") in second
    assert Masker("other").mask("姓名：王小明") != first
    assert Masker("stable").mask("姓名：王小明") == first


@pytest.mark.parametrize(
    ("change"),
    [str.lower, str.title, lambda s: s.replace("[", "[ ").replace("]", " ]"), lambda s: s.strip("[]"), lambda s: s.replace("-", " - ")],
)
@pytest.mark.parametrize("name", ["王小明", "Smith"])
def test_a_placeholder_a_model_wrote_its_own_way_is_still_understood(change: object, name: str) -> None:
    masker = Masker("model")
    placeholder = masker.mask(f"姓名：{name}").removeprefix("姓名：")
    assert callable(change)
    assert masker.unmask(f"Summary: {change(placeholder)} has psoriasis.") == f"Summary: {name} has psoriasis."


@given(first=DAYS, second=DAYS)
@settings(max_examples=60, deadline=None)
def test_intervals_between_dates_stay(first: date, second: date) -> None:
    masked = Masker("interval").mask(f"{first.isoformat()} to {second.isoformat()}")
    a, b = (date.fromisoformat(d) for d in re.findall(r"\d{4}-\d\d-\d\d", masked))
    assert b - a == second - first
    assert first == a or abs(a - first) >= timedelta(days=20)
    assert a != first


@pytest.mark.parametrize(
    "form",
    [
        "{:%Y-%m-%d}",
        "{:%Y/%m/%d}",
        "{0.year}.{0.month}.{0.day}",
        ("{0.year}年{0.month}月{0.day}日"),
        "{0.day} {0:%B} {0.year}",
        "{0:%b} {0.day}, {0.year}",
        "{:%d/%m/%Y}",
    ],
)
def test_a_date_keeps_the_way_it_was_written_and_all_ways_move_alike(form: str) -> None:
    masker = Masker("forms")
    moved = date.fromisoformat(masker.mask("2024-03-25"))
    assert masker.mask(form.format(date(2024, 3, 25))) == form.format(moved)
    assert masker.unmask(form.format(moved)) == form.format(date(2024, 3, 25))


def test_a_day_without_a_year_moves_with_the_full_dates() -> None:
    masked = Masker("forms").mask("2023年3月5日入院，3月8日活检，3月15日出院。")
    days = [date(2023, int(m), int(d)) for m, d in re.findall(r"(\d+)月(\d+)日", masked)]
    assert [(b - days[0]).days for b in days] == [0, 3, 10]


def test_a_date_a_model_reckoned_from_a_moved_date_is_moved_back() -> None:
    masker = Masker("reckon")
    moved = date.fromisoformat(masker.mask("2024-03-05"))
    answer = f"复诊：{moved + timedelta(days=14):%Y年%m月%d日}"
    assert masker.unmask(answer) == "复诊：2024年03月19日"
