from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from yingzhi.agents.specialist import Resources
from yingzhi.tools.entailment import supports
from yingzhi.tools.extraction import extract
from yingzhi.tools.passages import passages

ZOSTER = (
    "Herpes zoster (带状疱疹): painful grouped vesicles in one dermatome, on one side. Pain comes 1 to 5 days before the rash. "
    "沿单侧皮节分布的簇集水疱，疼痛先于皮疹1至5天。"
)
PEMPHIGOID = (
    "Bullous pemphigoid: tense blisters and severe itch in people over 70. Nikolsky sign is negative and mucosa is rarely involved. "
    "Direct immunofluorescence shows linear IgG along the basement membrane."
)
PEMPHIGUS = "寻常型天疱疮：松弛性水疱，尼氏征阳性，常有口腔糜烂。多见于40至60岁。"
PSORIASIS = (
    "Psoriasis: well-demarcated plaques with silvery scale on elbows, knees and scalp. Nail pitting in about 50% of patients. "
    "No fever in plaque psoriasis."
)
METHOTREXATE = "Methotrexate is contraindicated in pregnancy; folic acid 5 mg lowers toxicity. 甲氨蝶呤禁用于妊娠期。"
SJS = "史蒂文斯-约翰逊综合征：发热、口腔糜烂、表皮剥脱。表皮剥脱面积小于10%。常见致病药物为卡马西平、别嘌醇。"
"""Made up for these tests; nothing here is a source."""

BORNE_OUT = [
    ("Herpes zoster causes painful grouped vesicles.", ZOSTER),
    ("Herpes zoster is painful on one side.", ZOSTER),
    ("Pain comes 1 to 5 days before the rash of herpes zoster.", ZOSTER),
    ("带状疱疹表现为单侧簇集水疱。", ZOSTER),
    ("帶狀皰疹表現為單側簇集水皰。", ZOSTER),
    ("疼痛先于皮疹，支持带状疱疹。", ZOSTER),
    ("Zoster with grouped vesicles, 沿皮节分布。", ZOSTER),
    ("Tense blisters and itch speak for bullous pemphigoid.", PEMPHIGOID),
    ("Bullous pemphigoid is seen in people over 70.", PEMPHIGOID),
    ("Mucosa is rarely involved in bullous pemphigoid.", PEMPHIGOID),
    ("Nikolsky sign is negative in bullous pemphigoid.", PEMPHIGOID),
    ("Bullous pemphigoid: linear IgG on direct immunofluorescence.", PEMPHIGOID),
    ("大疱性类天疱疮：紧张性水疱、剧烈瘙痒。", PEMPHIGOID),
    ("大疱性类天疱疮尼氏征阴性。", PEMPHIGOID),
    ("天疱疮常有松弛性水疱和口腔糜烂。", PEMPHIGUS),
    ("Pemphigus vulgaris has flaccid bullae and a positive Nikolsky sign.", PEMPHIGUS),
    ("Psoriasis shows plaques with silvery scale.", PSORIASIS),
    ("About 50% of patients with psoriasis have nail pitting.", PSORIASIS),
    ("Plaque psoriasis comes without fever and with silvery scale.", PSORIASIS),
    ("银屑病可见银白色鳞屑、指甲点状凹陷。", PSORIASIS),
    ("Methotrexate is contraindicated in pregnancy.", METHOTREXATE),
    ("甲氨蝶呤妊娠期禁用。", METHOTREXATE),
    ("Folic acid lowers the toxicity of methotrexate.", METHOTREXATE),
    ("卡马西平为史蒂文斯-约翰逊综合征常见致病药物。", SJS),
    ("Carbamazepine is a common cause of Stevens-Johnson syndrome.", SJS),
    ("表皮剥脱、口腔糜烂和发热提示史蒂文斯-约翰逊综合征。", SJS),
]
OTHER_NUMBER = [
    ("Pain comes 14 days before the rash of herpes zoster.", ZOSTER),
    ("带状疱疹的疼痛先于皮疹30天。", ZOSTER),
    ("Bullous pemphigoid affects people over 80.", PEMPHIGOID),
    ("Tense blisters in 7 of 10 with bullous pemphigoid.", PEMPHIGOID),
    ("寻常型天疱疮多见于70岁以上。", PEMPHIGUS),
    ("About 80% of patients with psoriasis have nail pitting.", PSORIASIS),
    ("About 5.0% of patients with psoriasis have nail pitting.", PSORIASIS),
    ("Folic acid 1 mg lowers the toxicity of methotrexate.", METHOTREXATE),
    ("史蒂文斯-约翰逊综合征表皮剥脱面积大于30%。", SJS),
    ("It is 51.", PSORIASIS),
]
DENIED = [
    ("Herpes zoster has no vesicles and no pain.", ZOSTER),
    ("带状疱疹无水疱。", ZOSTER),
    ("Nikolsky sign is positive in bullous pemphigoid.", PEMPHIGOID),
    ("大疱性类天疱疮尼氏征阳性。", PEMPHIGOID),
    ("寻常型天疱疮尼氏征阴性。", PEMPHIGUS),
    ("Fever and silvery scale go with psoriasis.", PSORIASIS),
    ("银屑病无鳞屑，无斑块。", PSORIASIS),
    ("史蒂文斯-约翰逊综合征无发热，无口腔糜烂。", SJS),
]
OF_ANOTHER = [
    ("Scabies causes burrows.", ZOSTER),
    ("疥疮可见隧道。", ZOSTER),
    ("Chickenpox causes painful grouped vesicles on one side.", ZOSTER),
    ("Pemphigus vulgaris has tense blisters, itch and a negative Nikolsky sign.", PEMPHIGOID),
    ("大疱性类天疱疮为松弛性水疱，尼氏征阳性，有口腔糜烂。", PEMPHIGUS),
    ("Lichen planus has Wickham striae.", PSORIASIS),
    ("Pityriasis rubra pilaris: plaques, scale, nail pitting.", PSORIASIS),
    ("Acitretin is contraindicated in pregnancy.", METHOTREXATE),
    ("阿维A禁用于妊娠期。", METHOTREXATE),
    ("Lamotrigine causes fever, oral erosions and epidermal detachment.", SJS),
    ("麻疹有发热和口腔糜烂。", SJS),
]
UNRELATED = [
    ("The weather was fine in Paris.", PSORIASIS),
    ("今天下午开会。", PEMPHIGUS),
    ("Herpes zoster responds to goat milk and prayer.", ZOSTER),
    ("带状疱疹可用羊奶治愈。", ZOSTER),
    ("Methotrexate is given by camels.", METHOTREXATE),
    ("Methotrexate needs a chest X-ray and hepatitis serology beforehand.", METHOTREXATE),
    ("This may also be seen in most patients.", PSORIASIS),
    ("???", PSORIASIS),
]
EMPTY = [("", PSORIASIS), (" \n\u3000", PSORIASIS), ("Psoriasis has plaques.", ""), ("Psoriasis has plaques.", " \n"), ("", "")]

ANY = settings(max_examples=150, deadline=None)


@pytest.mark.parametrize(("claim", "passage"), BORNE_OUT)
def test_a_passage_bears_out_what_it_says_in_either_language(resources: Resources, claim: str, passage: str) -> None:
    assert supports(claim, passage, resources.lexicon)


@pytest.mark.parametrize(("claim", "passage"), OTHER_NUMBER)
def test_a_number_that_is_not_in_the_passage_is_not_borne_out(resources: Resources, claim: str, passage: str) -> None:
    assert not supports(claim, passage, resources.lexicon)


@pytest.mark.parametrize(("claim", "passage"), DENIED)
def test_what_the_passage_denies_or_the_claim_alone_denies_is_not_borne_out(resources: Resources, claim: str, passage: str) -> None:
    assert not supports(claim, passage, resources.lexicon)


@pytest.mark.parametrize(("claim", "passage"), OF_ANOTHER)
def test_the_same_said_of_another_disease_or_drug_is_not_borne_out(resources: Resources, claim: str, passage: str) -> None:
    assert not supports(claim, passage, resources.lexicon)


@pytest.mark.parametrize(("claim", "passage"), [*UNRELATED, *EMPTY])
def test_what_has_nothing_to_do_with_the_passage_is_not_borne_out(resources: Resources, claim: str, passage: str) -> None:
    assert not supports(claim, passage, resources.lexicon)


def test_a_passage_that_says_of_a_sign_that_it_is_there_and_elsewhere_that_it_is_not_bears_out_both(resources: Resources) -> None:
    both = "Pemphigus vulgaris: Nikolsky sign is positive. In early pemphigus vulgaris Nikolsky sign is negative."
    for sign in ("positive", "negative"):
        assert supports(f"Nikolsky sign is {sign} in pemphigus vulgaris.", both, resources.lexicon)
        assert supports(
            f"Nikolsky sign is {sign} in pemphigus vulgaris.", f"Pemphigus vulgaris: Nikolsky sign is {sign}.", resources.lexicon
        )


@pytest.fixture(scope="module")
def corpus(resources: Resources) -> list[tuple[str, str]]:
    """(sentence, passage) for every sentence of the built-in corpus."""
    ends = re.compile(r"(?<=[a-z)%][.;])\s+|(?<=[。；])")
    return [(s, p.text) for p in passages(resources.knowledge) for s in ends.split(p.text) if s.strip()]


@ANY
@given(data=st.data())
def test_a_passage_bears_out_its_own_sentences_if_they_name_something(
    resources: Resources, corpus: list[tuple[str, str]], data: st.DataObject
) -> None:
    sentence, passage = corpus[data.draw(st.integers(0, len(corpus) - 1))]
    read = extract(sentence, resources.lexicon)
    assume(read.findings or read.diseases or read.drugs)
    assert supports(sentence, passage, resources.lexicon)


@ANY
@given(data=st.data(), number=st.integers(0, 2000).map(str) | st.decimals(0, 99, places=1).map(str))
def test_a_number_put_into_a_sentence_takes_its_support_away(
    resources: Resources, corpus: list[tuple[str, str]], data: st.DataObject, number: str
) -> None:
    sentence, passage = corpus[data.draw(st.integers(0, len(corpus) - 1))]
    assume(number not in re.findall(r"\d+(?:\.\d+)?", passage))
    words = sentence.split(" ")
    at = data.draw(st.integers(0, len(words)))
    assert not supports(" ".join([*words[:at], f"({number})", *words[at:]]), passage, resources.lexicon)


@ANY
@given(claim=st.text(max_size=60), data=st.data())
def test_any_claim_has_a_verdict_and_a_blank_one_no_support(resources: Resources, claim: str, data: st.DataObject) -> None:
    passage = data.draw(st.sampled_from(BORNE_OUT).map(lambda pair: pair[1]) | st.text(max_size=60))
    verdict = supports(claim, passage, resources.lexicon)
    assert verdict in {True, False}
    assert not (verdict and not claim.strip())
    assert not supports(claim, " ", resources.lexicon)
