"""The definitions as a whole."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from yingzhi.clinical.errors import KnowledgeError
from yingzhi.clinical.score import Score
from yingzhi.clinical.words import Text
from yingzhi.knowledge.load import HERE
from yingzhi.knowledge.read_scores import read_scores
from yingzhi.tools.scores import SCORES, input_schema
from yingzhi.tools.scores.document import document

ROOT = Path(__file__).parents[3]
IDS = sorted(SCORES)
ASKED_FOR = (
    "pasi bsa easi scorad iga dlqi uas7 ihs4 hurley scorten regiscar alden naranjo pdai bpdai salt vasi masi mmasi mrss clasi cdasi abcde "
    "abcd-dermoscopy seven-point-clinical seven-point-dermoscopic fitzpatrick poem"
)
HAN = re.compile(r"[\u4e00-\u9fff]")


def texts(score: Score) -> list[Text]:
    found = [score.names, score.measures, score.formula_text, score.note, *([score.rights] if score.rights else [])]
    found += [one.label for one in score.inputs] + [part.label for part in score.parts]
    found += [band.label for scale in score.scales for band in scale.bands]
    return found


def test_every_score_asked_for_is_there() -> None:
    assert set(ASKED_FOR.split()) == set(SCORES)


@pytest.mark.parametrize("name", IDS)
def test_every_wording_is_there_in_both_languages(name: str) -> None:
    score = SCORES[name]
    for text in texts(score):
        assert text.en.strip()
        assert not HAN.search(text.en)
        assert HAN.search(text.zh) or re.fullmatch(r"[ⅠⅡⅢⅣⅤⅥ]+[型期]|S[1-4]", text.zh)
    for one in score.inputs:
        assert not any(HAN.search(choice.en) for choice in one.choices)


@pytest.mark.parametrize("name", IDS)
def test_every_score_and_every_band_names_a_source_that_can_be_looked_up(name: str) -> None:
    score = SCORES[name]
    assert all(count == 1 for count in Counter(source.id for source in score.sources).values())
    for source in score.sources:
        assert source.body
        assert source.title
        assert source.year or source.url
    for scale in score.scales:
        assert score.source(scale.source).title


@pytest.mark.parametrize("name", IDS)
def test_the_diseases_of_a_score_are_in_the_knowledge(name: str) -> None:
    for disease in SCORES[name].diseases:
        assert (HERE / "diseases" / f"{disease}.yaml").exists(), disease


@pytest.mark.parametrize("name", ["dlqi", "poem"])
def test_an_owned_questionnaire_says_whose_it_is(name: str) -> None:
    rights = SCORES[name].rights
    assert rights is not None
    assert "©" in rights.en
    assert all(len(one.label.en.split()) <= 7 for one in SCORES[name].inputs)  # topics, not the wording of the questions


def test_the_two_seven_point_lists_cannot_be_taken_for_each_other() -> None:
    clinical, dermoscopic = SCORES["seven-point-clinical"], SCORES["seven-point-dermoscopic"]
    assert not {one.id for one in clinical.inputs} & {one.id for one in dermoscopic.inputs}
    assert dermoscopic.id in clinical.note.en


@pytest.mark.parametrize("name", IDS)
def test_a_schema_describes_every_input_in_the_language_asked_for(name: str) -> None:
    score = SCORES[name]
    for language in ("en", "zh"):
        properties = input_schema(score, language)["properties"]
        assert [*properties] == [one.id for one in score.inputs]
        for one in score.inputs:
            assert one.label.say(language) in properties[one.id]["description"]


@pytest.mark.parametrize(("language", "file"), [("en", "scores.md"), ("zh", "scores.zh.md")])
def test_the_documentation_is_what_the_definitions_say(language: str, file: str) -> None:
    written = (ROOT / "docs" / file).read_text(encoding="utf-8")
    assert document("zh" if language == "zh" else "en").strip() in written


def broken(tmp_path: Path, old: str, new: str) -> Path:
    text = (HERE / "scores" / "poem.yaml").read_text(encoding="utf-8")
    assert old in text
    folder = tmp_path / "scores"
    folder.mkdir()
    (folder / "poem.yaml").write_text(text.replace(old, new), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("source: charman-2013", "source: nobody", "source nobody is unknown"),
        ("id: sleep,", "id: itch,", "input itch is there twice"),
        ("at_least: 17", "at_least: 30", "not in rising order"),
        ("id: itch\n", "id: itch\n    part: none\n", "part none is unknown"),
        ("short: POEM", "sort: POEM", "poem.yaml: short"),
    ],
)
def test_a_wrong_definition_is_refused_by_file_and_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(KnowledgeError, match=re.escape(says)):
        read_scores(broken(tmp_path, old, new))
