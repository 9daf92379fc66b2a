"""How a finding may be written: slips of the pen, full-width letters, scanned pages, word order, words that only look like one."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.agents.specialist import Resources
from yingzhi.tools.extraction import extract, merge_mentions
from yingzhi.tools.slips import MISSPELT, ORDINARY, PLAIN
from yingzhi.tools.spelling import respell
from yingzhi.tools.text import Token, fold_word


def there(text: str, resources: Resources) -> set[str]:
    mentions = extract(text, resources.lexicon).findings
    merged = merge_mentions(text, mentions, resources.knowledge.findings)
    return {f.id for f in merged if f.status == "present" and f.experiencer == "patient"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Papuls and vesciles on the forarm.", {"papule", "vesicle", "forearm"}),
        ("Pruritc rash with excoriatons.", {"pruritus", "excoriation"}),
        ("Lymphadenopthy and arthralgai.", {"lymphadenopathy", "arthralgia"}),
        ("Onycholisis of the nails.", {"onycholysis"}),
        ("全身骚痒，双手水泡。", {"pruritus", "hand", "vesicle"}),
        ("躯干红班，表面磷屑。", {"erythema", "scale", "trunk"}),
        ("面部座疮样丘诊，可见浓疱。", {"papule", "pustule"}),
        ("皮肤搔癢，軀幹風團。", {"pruritus", "weal", "trunk"}),
    ],
)
def test_slips_of_the_pen_are_read(text: str, expected: set[str], resources: Resources) -> None:
    assert expected <= there(text, resources)


@pytest.mark.parametrize(
    "text",
    [
        "Seen in the popular clinic; treatment was indicated.",
        "The lesson used a vehicle module; general business numbers.",
        "He is a pitcher and catches balls, reading and learning all day.",
        "门诊就诊，营养状况良好，务农，各种检查结果待回。",
        "上班时操作机器，参加会议，总结如下，急诊会诊。",
        "夜里看电视，上午来诊，一般情况可。",
    ],
)
def test_ordinary_words_are_no_slips(text: str, resources: Resources) -> None:
    assert not there(text, resources) - {"occupational-exposure", "farmer"}


@pytest.mark.parametrize("word", sorted(set(ORDINARY.split())))
def test_an_ordinary_word_stays_as_it_is(word: str) -> None:
    folded = fold_word(word)
    assert respell([Token(folded, 0, len(word))], frozenset())[0].text == folded


def test_the_words_of_a_clinic_note_hold_the_characters_that_are_guarded() -> None:
    from yingzhi.tools.spelling import SLIPS

    assert all(any(c in SLIPS for c in word) for word in PLAIN.split())


@settings(max_examples=200, deadline=None)
@given(word=st.sampled_from([w for w in MISSPELT.split() if len(w) >= 9]), data=st.data())
def test_one_dropped_letter_of_a_long_word_is_set_right_or_left_alone(word: str, data: st.DataObject) -> None:
    folded = fold_word(word)
    place = data.draw(st.integers(1, len(folded) - 2))
    slip = folded[:place] + folded[place + 1 :]
    read = respell([Token(slip, 0, len(slip))], frozenset())[0]
    assert (read.start, read.end) == (0, len(slip))
    assert read.text == slip or fold_word(read.text) in {fold_word(w) for w in MISSPELT.split()}
    assert read.text[0] == folded[0]


@pytest.mark.parametrize(
    ("plain", "other"),
    [
        ("fever 39.5 and pustules on both palms", "ｆｅｖｅｒ 39.5 ａｎｄ ｐｕｓｔｕｌｅｓ on both palms"),
        ("双侧手掌水疱、脱屑，无发热。", "雙側手掌水皰、脫屑，無發熱。"),
        ("双侧手掌水疱、脱屑，无发热。", "双侧手掌 水疱、脱屑， 无发热。"),
        ("Itchy papules on the elbow-crease.", "ITCHY PAPULES ON THE ELBOW-CREASE."),
        ("Itchy papules, no fever.", "Itchy  papules ,\nno fever ."),
        ("Generalised oedema and a haemorrhagic bulla.", "Generalized edema and a hemorrhagic bulla."),
        ("No bullae, no fever.", "No bullæ, no fever."),
    ],
)
def test_scripts_widths_and_spacing_change_nothing(plain: str, other: str, resources: Resources) -> None:
    def read(text: str) -> set[tuple[str, str]]:
        mentions = extract(text, resources.lexicon).findings
        return {(f.id, f.status) for f in merge_mentions(text, mentions, resources.knowledge.findings)}

    assert read(plain) == read(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nails are markedly thickened.", {"nail-thickening"}),
        ("The hands and feet look cracked.", {"fissure"}),
        ("Painless ulcer on the shaft of the penis.", {"genital-ulcer"}),
        ("Numb, pale patches.", {"sensory-loss-in-lesion"}),
        ("指甲明显增厚。", {"nail-thickening"}),
        ("外阴无痛性溃疡。", {"genital-ulcer"}),
        ("风团24小时内消退。", {"evanescent-weal"}),
        ("Oral and genital ulcers.", {"oral-ulcer", "genital-ulcer"}),
    ],
)
def test_a_finding_is_read_when_its_words_are_turned_padded_or_shared(text: str, expected: set[str], resources: Resources) -> None:
    assert expected <= there(text, resources)


@pytest.mark.parametrize(
    ("text", "unsaid"),
    [
        ("The rash came back after a round trip.", {"back", "annular"}),
        ("He has a hand surgeon and an eye clinic visit.", {"hand", "eye-lesion", "eyelid"}),
        ("Wood's lamp negative.", {"plant-contact"}),
        ("Sandpapery spots on the bald scalp.", {"patchy-hair-loss"}),
        ("Pearly papule on the nose that bleeds on shaving.", {"nosebleed"}),
        ("Antibodies raised.", {"raised-lesion"}),
        ("Patch test planned, green tea daily, red wine.", {"patch", "green", "red"}),
        ("舌质红，苔薄白。", {"red", "white", "glossitis"}),
        ("白细胞计数正常，红霉素软膏。", {"white", "red"}),
    ],
)
def test_words_that_only_look_like_a_finding_are_none(text: str, unsaid: set[str], resources: Resources) -> None:
    assert not unsaid & there(text, resources)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Returned from Brazil two months ago.", {"travel-endemic"}),
        ("从云南旅游回来后。", {"travel-endemic"}),
        ("Bitten by a dog.", {"animal-bite"}),
        ("T2DM, SOBOE, wt loss.", {"diabetes", "dyspnoea", "weight-loss"}),
        ("Pt c/o itchy rash.", {"pruritus"}),
    ],
)
def test_places_and_abbreviations_are_read(text: str, expected: set[str], resources: Resources) -> None:
    assert expected <= there(text, resources)


@pytest.mark.parametrize("text", ["I have never been to Africa.", "未去过非洲。"])
def test_a_stay_that_did_not_happen_is_denied(text: str, resources: Resources) -> None:
    assert "travel-endemic" not in there(text, resources)


def test_a_more_specific_wording_hides_the_general_one(resources: Resources) -> None:
    found = there("Tense bullae on the shins.", resources)
    assert "tense-bulla" in found
    assert "bulla" not in found


def test_every_finding_bears_on_something(resources: Resources) -> None:
    """A disease, a rule, an ancestor that one of them uses, or the rare arm by its HPO term."""
    knowledge, model = resources.knowledge, resources.model
    rules = [*knowledge.diseases.values(), *knowledge.red_flags.values()]
    named = set(re.findall(r"[a-z0-9-]+", " ".join(r.model_dump_json() for r in rules)))
    used = {i for i in knowledge.findings if i in named}
    idle = [
        t.id for t in knowledge.findings.values() if t.id not in used and not t.hpo and not model.ancestors.get(t.id, frozenset()) & used
    ]
    assert idle == []


def test_there_are_findings_enough_and_each_has_wordings_in_both_languages(resources: Resources) -> None:
    findings = resources.knowledge.findings
    assert len(findings) >= 1800
    assert not [t.id for t in findings.values() if not t.names.en or not t.names.zh]
    assert sum(1 for t in findings.values() if t.forms.en and t.forms.zh) >= 0.95 * len(findings)


@pytest.mark.parametrize(
    ("text", "drug"),
    [
        ("Skin necrosis five days after starting warfarin.", "warfarin"),
        ("He has taken minocycline for years.", "minocycline"),
        ("Rash after starting allopurinol 3 weeks ago.", "allopurinol"),
        ("On MTX 15 mg weekly.", "methotrexate"),
        ("口服MTX 15mg每周一次。", "methotrexate"),
        ("长期服用胺碘酮。", "amiodarone"),
    ],
)
def test_the_name_of_a_drug_is_read_inside_a_longer_wording_and_in_three_letters(text: str, drug: str, resources: Resources) -> None:
    assert drug in {m.id for m in extract(text, resources.lexicon).drugs}


def test_names_of_drugs_and_wordings_run_together_never_break_the_reader(resources: Resources) -> None:
    draw = random.Random(3)
    names = [n for d in resources.formulary.drugs.values() for n in (d.names.zh, d.names.en, *d.aliases.zh)]
    wordings = [w for t in resources.knowledge.findings.values() for w in (*t.forms.zh, *t.forms.en) if "~" not in w and ".." not in w]
    for text in [
        "治疗用药是：\n异维A酸胶丸 2盒",
        *("".join(draw.choice(draw.choice([names, wordings])) for _ in range(4)) for _ in range(500)),
    ]:
        for mention in extract(text, resources.lexicon).drugs:
            assert 0 <= mention.start < mention.end <= len(text)
