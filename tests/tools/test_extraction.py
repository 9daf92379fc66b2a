from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.agents.specialist import Resources
from yingzhi.tools.extraction import extract, merge_mentions


def statuses(text: str, resources: Resources) -> dict[str, str]:
    mentions = extract(text, resources.lexicon).findings
    return {f.id: f.status for f in merge_mentions(text, mentions, resources.knowledge.findings) if f.experiencer == "patient"}


@pytest.mark.parametrize(
    ("text", "finding", "status"),
    [
        ("He denies fever, chills, or night sweats.", "fever", "absent"),
        ("He denies fever, chills, or night sweats.", "night-sweats", "absent"),
        ("No fever, but she has an itchy rash.", "fever", "absent"),
        ("No fever, but she has an itchy rash.", "pruritus", "present"),
        ("There was no improvement, and the vesicles spread.", "vesicle", "present"),
        ("Nikolsky sign was negative.", "nikolsky-sign", "absent"),
        ("The rash spares the face.", "face", "absent"),
        ("Nontender lymph nodes. A painless lump.", "pain", "absent"),
        ("无发热、咳嗽及关节痛。", "fever", "absent"),
        ("无发热、咳嗽及关节痛。", "arthralgia", "absent"),
        ("否认发热，否认咳嗽，伴剧烈瘙痒。", "severe-pruritus", "present"),
        ("无明显诱因出现红斑、水疱。", "vesicle", "present"),
        ("尼氏征阴性，口腔黏膜糜烂。", "nikolsky-sign", "absent"),
        ("尼氏征（-），触痛明显。", "nikolsky-sign", "absent"),
        ("皮疹不痒，无疼痛。", "pruritus", "absent"),
        ("外用抗生素无效，出现脓疱。", "pustule", "present"),
        ("全身搔癢三個月，軀幹起水皰。", "pruritus", "present"),
        ("全身搔癢三個月，軀幹起水皰。", "trunk", "present"),
        ("手部丘疹 with severe itching at night", "hand", "present"),
        ("可疑尼氏征阳性", "nikolsky-sign", "uncertain"),
    ],
)
def test_a_note_in_either_language_says_what_is_there_and_what_is_not(text: str, finding: str, status: str, resources: Resources) -> None:
    assert statuses(text, resources).get(finding) == status


@pytest.mark.parametrize("text", ["His mother has psoriasis.", "母亲患银屑病。", "Family history of psoriasis.", "家族史：父亲有银屑病。"])
def test_a_relatives_disease_is_not_the_patients(text: str, resources: Resources) -> None:
    read = extract(text, resources.lexicon)
    assert not [d for d in read.diseases if d.experiencer == "patient"]
    assert not [f for f in read.findings if f.id == "previous-psoriasis" and f.experiencer == "patient"]
    assert "family-psoriasis" in {f.id for f in read.findings} or "family" in {m.experiencer for m in (*read.findings, *read.diseases)}


def test_traditional_and_simplified_chinese_read_the_same(resources: Resources) -> None:
    simplified = "双侧手掌水疱、脱屑，皮肤干燥，无发热。"
    traditional = "雙側手掌水皰、脫屑，皮膚乾燥，無發熱。"
    assert statuses(simplified, resources) == statuses(traditional, resources)


def test_british_and_american_spelling_read_the_same(resources: Resources) -> None:
    british = "Generalised oedema, haemorrhagic bullae and a tumour of the oesophagus."
    american = "Generalized edema, hemorrhagic bullae and a tumor of the esophagus."
    assert statuses(british, resources) == statuses(american, resources)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_every_span_slices_back_to_the_input(resources: Resources, text: str) -> None:
    for mention in extract(text, resources.lexicon).findings:
        assert 0 <= mention.start < mention.end <= len(text)
    for finding in merge_mentions(text, extract(text, resources.lexicon).findings, resources.knowledge.findings):
        assert all(text[s.start : s.end] == s.text for s in finding.spans)
