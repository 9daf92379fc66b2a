"""What the doctor is told about the note as a text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.agents.specialist import Resources
from yingzhi.tools.extraction import extract
from yingzhi.tools.note_alerts import note_alerts
from yingzhi.tools.scripts import other_script


def alerts(text: str, resources: Resources) -> dict[str, str]:
    mentions = extract(text, resources.lexicon).findings
    return {a.id: a.title.en for a in note_alerts(text, mentions, resources.knowledge.findings)}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("両手に水疱があり、かゆみが強い。発熱なし。", "Japanese"),
        ("양손에 물집이 있고 가렵다. 발열은 없다.", "Korean"),
        ("На обеих ладонях зудящие пузыри, лихорадки нет.", "Cyrillic"),
        ("بثور مع حكة شديدة في كلتا اليدين ولا توجد حمى", "Arabic"),
        ("हाथों पर खुजली वाले छाले, बुखार नहीं", "Devanagari"),
        ("Φυσαλίδες και κνησμός στα χέρια", "Greek"),
    ],
)
def test_a_note_in_another_script_is_named_and_not_half_read(text: str, named: str, resources: Resources) -> None:
    assert named in alerts(text, resources)["note-in-another-script"]
    assert extract(text, resources.lexicon).findings == ()


def test_a_foreign_line_in_a_chinese_or_english_note_is_named_and_the_rest_is_read(resources: Resources) -> None:
    text = (
        "患者三周前双侧手掌起水疱、脱屑，剧烈瘙痒，夜间明显，无发热，外用激素后好转，停药后反复，既往体健，家族中无类似患者。"
        "患者自述（俄语）：сильный зуд на руках"
    )
    assert "note-in-another-script" in alerts(text, resources)
    assert "vesicle" in {m.id for m in extract(text, resources.lexicon).findings}


@pytest.mark.parametrize(
    "text", ["α-haemolytic streptococci, IFN-β; pruritic plaques.", "口服β受体阻滞剂，躯干红斑。", "Café au lait spots, naïve skin."]
)
def test_a_greek_letter_or_an_accent_makes_no_other_script(text: str, resources: Resources) -> None:
    assert "note-in-another-script" not in alerts(text, resources)


@pytest.mark.parametrize("text", ["rash", "皮疹", "itch?", "  水疱 ", "红。", "?"])
def test_a_catchword_is_called_too_short(text: str, resources: Resources) -> None:
    assert "note-too-short" in alerts(text, resources)


@pytest.mark.parametrize("text", ["Itchy rash on both shins for two weeks.", "双侧手掌水疱伴瘙痒三天。", "红斑3天，瘙痒明显"])
def test_a_sentence_is_not_called_too_short(text: str, resources: Resources) -> None:
    assert alerts(text, resources) == {}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Fever for three days. On examination unwell. No fever.", "Fever"),
        ("患者发热3天。全身红斑、水疱。无发热。", "Fever"),
    ],
)
def test_a_note_that_says_both_is_told_so(text: str, named: str, resources: Resources) -> None:
    assert named in alerts(text, resources)["note-contradicts-itself"]


@pytest.mark.parametrize(
    "text",
    [
        "No blisters on the face; blisters on the hands for a week.",
        "面部无水疱，双手可见水疱一周。",
        "Her father has a fever; she has no fever but an itchy rash.",
        "Had a fever last week, which has resolved. No fever today, itchy papules.",
        "Return if fever develops. No fever now, weals on the trunk.",
    ],
)
def test_here_and_not_there_then_and_not_now_is_no_contradiction(text: str, resources: Resources) -> None:
    assert "note-contradicts-itself" not in alerts(text, resources)


@settings(max_examples=80, deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_is_read_without_an_error_and_its_alerts_point_into_it(text: str, resources: Resources) -> None:
    mentions = extract(text, resources.lexicon).findings
    for alert in note_alerts(text, mentions, resources.knowledge.findings):
        assert alert.level == "warning"
        assert all(text[s.start : s.end] == s.text for s in alert.spans)
    found = other_script(text)
    assert found is None or 0 <= found.start < found.end <= len(text)
