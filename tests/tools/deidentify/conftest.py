"""Made-up people and records about them, from seeds."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛超玲桂英建国志明海燕晓东佳欣思雨子涵浩然"
FIRST = ("James", "Olivia", "Mohammed", "Aoife", "Chidi", "Priya", "Hannah", "Tomasz", "Mei-Ling", "Fatima")
LAST = ("Thompson", "O'Connor", "Okafor", "Ramanathan", "Kowalczyk", "McAllister", "Fernandez", "Whitfield", "Abernathy", "Nakamura")
CITIES = ("北京市海淀区", "广东省深圳市南山区", "四川省成都市武侯区", "浙江省杭州市西湖区", "上海市徐汇区")
ROADS = ("解放路", "中山北路", "建设大街", "人民东路", "文化巷")
HOSPITALS = ("市第一人民医院", "大学附属医院", "市中医院", "省人民医院")
STREETS = ("Maple", "Victoria", "Station", "Church", "Queens")


@dataclass(frozen=True, slots=True)
class Record:
    """A text and every identifier put into it."""

    text: str
    identifiers: tuple[str, ...]


def chinese_id(rng: random.Random) -> str:
    """A number with a valid check digit (GB 11643-1999)."""
    born = f"{rng.randint(1930, 2020)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    body = f"{rng.choice((110105, 440305, 510107, 330106))}{born}{rng.randint(1, 999):03d}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, ID_WEIGHTS, strict=True)) % 11]


def card_number(rng: random.Random) -> str:
    """Nineteen digits that pass the Luhn check."""
    body = "622202" + "".join(str(rng.randint(0, 9)) for _ in range(12))
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(body)))
    return body + str(-total % 10)


def nhs_number(rng: random.Random) -> str:
    """Ten digits that pass the modulus 11 check, in the usual groups."""
    while True:
        body = [rng.randint(0, 9) for _ in range(9)]
        check = 11 - sum(d * w for d, w in zip(body, range(10, 1, -1), strict=True)) % 11
        if check != 10:
            digits = "".join(map(str, [*body, check % 11]))
            return f"{digits[:3]} {digits[3:6]} {digits[6:]}"


def chinese_record(rng: random.Random) -> Record:
    """A hospital record in Chinese, in one of several layouts."""
    name = rng.choice(FAMILY) + "".join(rng.sample(GIVEN, rng.randint(1, 2)))
    kin = rng.choice(FAMILY) + "".join(rng.sample(GIVEN, 2))
    doctor = rng.choice(FAMILY) + "".join(rng.sample(GIVEN, 2))
    phone = f"1{rng.choice('3578')}{rng.randint(0, 10**9 - 1):09d}"
    number, record, card = chinese_id(rng), f"{rng.randint(10**6, 10**8)}", card_number(rng)
    room = f"{rng.randint(1, 999)}号{rng.randint(1, 9)}单元{rng.randint(101, 999)}室"
    road = rng.choice(ROADS)
    address = rng.choice(CITIES) + road + room
    hospital = rng.choice(("青岚", "云岭", "临海")) + rng.choice(HOSPITALS)
    mail = f"user{rng.randint(100, 999)}@example.com"
    head = rng.choice(
        (
            f"姓名：{name}  性别：男  年龄：45岁\n身份证号：{number}\n住址：{address}\n电话：{phone}",
            f"{name}，男，45岁。身份证{number}，联系电话{phone}，家庭住址：{address}。",
            f"患者{name}，男，45岁，住{address}，手机号{phone}，证件号码 {number}。",
        )
    )
    body = f"\n住院号：{record}。曾于{hospital}就诊。其妻{kin}陪同。患者{name}诉瘙痒，{name}否认过敏。邮箱{mail}，银行卡{card}。"
    tail = rng.choice((f"\n主治医师：{doctor}", f"\n医师签名：{doctor} 2024年3月5日", f"\n{doctor}主任医师查房。"))
    return Record(head + body + tail, (name, kin, doctor, phone, number, record, road, room, hospital, mail, card))


def english_record(rng: random.Random) -> Record:
    """A hospital record in English, in one of several layouts."""
    first, last, doctor, kin = rng.choice(FIRST), rng.choice(LAST), rng.choice(LAST), rng.choice(FIRST)
    phone = rng.choice(
        (f"(415) 555-{rng.randint(0, 9999):04d}", f"07700 {rng.randint(0, 999999):06d}", (f"+44 20 7946 {rng.randint(0, 9999):04d}"))
    )
    record, nhs = f"{rng.randint(10**6, 10**8)}", nhs_number(rng)
    street = f"{rng.randint(1, 999)} {rng.choice(STREETS)} {rng.choice(('Street', 'Road', 'Avenue', 'Lane'))}"
    mail = f"{first.lower()}{rng.randint(10, 99)}@example.org"
    hospital = f"{rng.choice(('Riverside', 'Oakfield', 'St Brendan’s'))} Hospital"
    head = rng.choice(
        (
            f"Patient name: {first} {last}\nMRN: {record}\nAddress: {street}\nPhone: {phone}\n",
            f"{first} {last}, a 45-year-old man, lives at {street}. MRN {record}. Tel {phone}. ",
            f"Re: {first} {last}, MRN {record}\n{street}\nMobile: {phone}\n",
        )
    )
    body = f"NHS No {nhs}. Mr {last} was seen at {hospital}. His daughter {kin} came too. {last} reports itch. Email {mail}."
    tail = rng.choice((f"\nSigned by: Dr {doctor}", f"\nYours sincerely,\n{kin} {doctor}", f"\nDictated by: {doctor}, {first}"))
    return Record(head + body + tail, (first, last, doctor, kin, phone, record, nhs, street, mail, hospital))


@pytest.fixture(scope="session")
def make_record() -> Callable[[int], Record]:
    """A record from a seed; even seeds are Chinese, odd ones English."""

    def make(seed: int) -> Record:
        rng = random.Random(seed)
        return chinese_record(rng) if seed % 2 == 0 else english_record(rng)

    return make
