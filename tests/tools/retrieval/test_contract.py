"""What every back end must do."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Thread

import pytest

from yingzhi.clinical.errors import SettingsError, ToolError
from yingzhi.clinical.evidence import Evidence, Passage
from yingzhi.tools.retrieval import PUBLIC, Analyzer, Embedder, HybridRetriever


@pytest.mark.skipif(bool(os.environ.get("YINGZHI_TEST_QDRANT_URL")), reason="a server is there")
def test_the_contract_ran_on_a_server() -> None:
    pytest.skip("no server: set YINGZHI_TEST_QDRANT_URL to run every test of this file on one too")


Make = Callable[..., HybridRetriever]
TEXTS = {
    "psoriasis": "Plaque psoriasis shows sharply bordered red plaques with silvery scale on elbows and knees.",
    "scabies": "Scabies itches worst at night; burrows between the fingers are typical. Permethrin is applied twice.",
    "tinea": "Tinea corporis makes an annular, scaly plaque with central clearing. Potassium hydroxide microscopy shows hyphae.",
    "vitiligo": "Vitiligo gives depigmented patches; the Wood lamp shows them bright.",
    "belimumab": "Belimumab blocks BLyS and is licensed for active lupus nephritis beside standard treatment.",
    "xian": "体癣表现为环状红斑，边缘有鳞屑，中央消退。真菌镜检可见菌丝。",
    "shi": "湿疹瘙痒明显，皮疹对称，急性期有渗出，治疗以保湿和外用糖皮质激素为主。",
}


def docs(**texts: str) -> list[Passage]:
    return [Passage(id=key, text=text) for key, text in texts.items()]


def filled(retriever: HybridRetriever, tenant: str = "a") -> HybridRetriever:
    retriever.upsert(docs(**TEXTS), collection="skin", tenant=tenant)
    return retriever


def ids(evidence: Evidence) -> list[str]:
    return [hit.source_id for hit in evidence.hits]


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("Which rash itches at night?", "scabies"),
        ("silvery scales on the elbow", "psoriasis"),
        ("depigmentation under Wood's lamp", "vitiligo"),
        ("Is belimumab used for lupus nephritis?", "belimumab"),
        ("环状红斑中央消退是什么病？", "xian"),
        ("濕疹如何治療", "shi"),
    ],
)
@pytest.mark.parametrize("expand", [True, False])
def test_the_document_that_answers_comes_first(retriever: HybridRetriever, query: str, best: str, expand: bool) -> None:
    found = filled(retriever).search(query, collection="skin", tenant="a", k=3, expand=expand)
    assert found.found
    assert ids(found)[0] == best
    assert len(found.hits) <= 3
    assert [hit.score for hit in found.hits] == sorted((hit.score for hit in found.hits), reverse=True)


@pytest.mark.parametrize(
    "query", ["zxqv blorptz", "今天天气预报", "", "   ", "what is the", "🙂", "lattice gauge quantum chromodynamics plaque"]
)
def test_nothing_found_is_said_outright(retriever: HybridRetriever, query: str) -> None:
    found = filled(retriever).search(query, collection="skin", tenant="a")
    assert not found.found
    assert found.hits == []


@pytest.mark.parametrize("tenant", ["", None, "a b", "*", "a/b", "x" * 200])
def test_no_search_and_no_write_without_a_proper_tenant(retriever: HybridRetriever, tenant: str) -> None:
    filled(retriever)
    with pytest.raises(ToolError, match="tenant"):
        retriever.search("scabies", collection="skin", tenant=tenant)
    with pytest.raises(ToolError, match="tenant"):
        retriever.upsert(docs(x="words"), collection="skin", tenant=tenant)
    with pytest.raises(ToolError, match="tenant"):
        retriever.delete(["scabies"], collection="skin", tenant=tenant)
    with pytest.raises(ToolError, match="tenant"):
        retriever.count(collection="skin", tenant=tenant)


@pytest.mark.parametrize("collection", ["", "..", "../skin", "a/b", "Skin", "a b", "-a", "x" * 65, "nul\0"])
def test_collection_names_cannot_be_paths(retriever: HybridRetriever, collection: str) -> None:
    with pytest.raises(ToolError, match="collection"):
        retriever.upsert(docs(x="words"), collection=collection, tenant="a")
    with pytest.raises(ToolError, match="collection"):
        retriever.search("words", collection=collection, tenant="a")


def test_a_tenant_never_sees_the_documents_of_another(retriever: HybridRetriever) -> None:
    filled(retriever)
    retriever.upsert(docs(secret="Scabies itches at night, says hospital B."), collection="skin", tenant="b")
    assert "secret" not in ids(retriever.search("scabies itches at night", collection="skin", tenant="a", k=100))
    assert ids(retriever.search("scabies itches at night", collection="skin", tenant="b", k=100)) == ["secret"]
    assert not retriever.search("scabies", collection="skin", tenant="c").found
    assert retriever.count(collection="skin", tenant="a") == len(TEXTS)
    assert retriever.count(collection="skin", tenant="b") == 1


def test_scores_of_a_tenant_do_not_depend_on_the_documents_of_another(retriever: HybridRetriever) -> None:
    before = filled(retriever).search("scabies itches at night", collection="skin", tenant="a")
    retriever.upsert((Passage(id=str(i), text=f"Scabies at night, report {i}.") for i in range(60)), collection="skin", tenant="b")
    after = retriever.search("scabies itches at night", collection="skin", tenant="a")
    assert ids(before) == ids(after)
    assert [hit.score for hit in before.hits] == pytest.approx([hit.score for hit in after.hits], rel=1e-3)


def test_public_documents_are_everyones(retriever: HybridRetriever) -> None:
    filled(retriever, PUBLIC)
    retriever.upsert(docs(own="Our own note on scabies."), collection="skin", tenant="a")
    assert set(ids(retriever.search("scabies", collection="skin", tenant="a"))) == {"own", "scabies"}
    assert ids(retriever.search("scabies", collection="skin", tenant="b")) == ["scabies"]


def test_a_tenant_cannot_delete_or_replace_the_documents_of_another(retriever: HybridRetriever) -> None:
    filled(retriever)
    assert retriever.delete(["scabies"], collection="skin", tenant="b") == 0
    retriever.upsert(docs(scabies="Something else on mites."), collection="skin", tenant="b")
    assert "Permethrin" in retriever.search("scabies", collection="skin", tenant="a").hits[0].text


def test_the_same_id_replaces_and_leaves_no_chunk_of_the_old_text(retriever: HybridRetriever) -> None:
    long = " ".join(f"Sentence {i} speaks of pemphigus at length and with care." for i in range(120))
    first = retriever.upsert([Passage(id="x", text=long)], collection="skin", tenant="a")
    assert (first.added, first.replaced, first.skipped) == (1, 0, 0)
    assert first.chunks > 3
    second = retriever.upsert(docs(x="Only rosacea now."), collection="skin", tenant="a")
    assert (second.added, second.replaced, second.skipped) == (0, 1, 0)
    assert not retriever.search("pemphigus", collection="skin", tenant="a").found
    assert ids(retriever.search("rosacea", collection="skin", tenant="a")) == ["x"]
    assert retriever.count(collection="skin", tenant="a") == 1


def test_the_same_content_is_skipped(retriever: HybridRetriever) -> None:
    filled(retriever)
    again = retriever.upsert(docs(**TEXTS), collection="skin", tenant="a")
    assert (again.added, again.replaced, again.skipped, again.chunks) == (0, 0, len(TEXTS), 0)
    changed = retriever.upsert([Passage(id="scabies", text=TEXTS["scabies"], year=2020)], collection="skin", tenant="a")
    assert changed.replaced == 1


def test_the_last_of_two_records_with_one_id_stands(retriever: HybridRetriever) -> None:
    written = retriever.upsert([*docs(x="Old acne text."), *docs(x="New rosacea text.")], collection="skin", tenant="a")
    assert written.read == 2
    assert not retriever.search("acne", collection="skin", tenant="a").found
    assert retriever.search("rosacea", collection="skin", tenant="a").hits[0].text == "New rosacea text."


def test_deleted_documents_are_gone(retriever: HybridRetriever) -> None:
    filled(retriever)
    assert retriever.delete(["scabies", "scabies", "unheard-of"], collection="skin", tenant="a") == 1
    assert not retriever.search("permethrin burrows", collection="skin", tenant="a").found
    assert retriever.count(collection="skin", tenant="a") == len(TEXTS) - 1


def test_a_long_document_is_one_hit_with_its_best_chunk(retriever: HybridRetriever) -> None:
    parts = [f"Part {i} is about general matters of care, hygiene and follow-up visits." for i in range(60)]
    parts[40] = "Calciphylaxis needs a parathyroid hormone level."
    filled(retriever).upsert([Passage(id="book", title="Handbook", text=" ".join(parts))], collection="skin", tenant="a")
    hits = [h for h in retriever.search("calciphylaxis parathyroid hormone", collection="skin", tenant="a").hits if h.source_id == "book"]
    assert len(hits) == 1
    assert "Calciphylaxis" in hits[0].text
    assert 0 < hits[0].chunk < hits[0].chunks
    assert len(hits[0].text) < len(" ".join(parts)) / 2


def test_title_words_count(retriever: HybridRetriever) -> None:
    filled(retriever).upsert([Passage(id="t", title="Mycosis fungoides", text="Patches, later plaques.")], collection="skin", tenant="a")
    assert ids(retriever.search("mycosis fungoides", collection="skin", tenant="a"))[0] == "t"


def test_a_superseded_document_ranks_below_the_one_that_replaces_it(retriever: HybridRetriever) -> None:
    old = Passage(id="g1", text="Guideline on urticaria: step up antihistamines. Urticaria, urticaria.", superseded_by="g2", year=2014)
    new = Passage(
        id="g2", text="Current guideline on urticaria with a longer text on how to step up antihistamines and add omalizumab.", year=2022
    )
    filled(retriever).upsert([old, new], collection="skin", tenant="a")
    below = retriever.search("urticaria antihistamines", collection="skin", tenant="a")
    assert ids(below)[:2] == ["g2", "g1"]
    assert [hit.superseded for hit in below.hits[:2]] == [False, True]
    without = retriever.search("urticaria antihistamines", collection="skin", tenant="a", superseded="exclude")
    assert "g1" not in ids(without)
    assert ids(without)[0] == "g2"


def test_what_is_known_about_a_document_comes_back_with_it(retriever: HybridRetriever) -> None:
    row = {
        "id": 7,
        "text": "Dapsone for leprosy.",
        "title": "T",
        "year": "2019",
        "body": "WHO",
        "jurisdiction": "international",
        "grade": "A",
    }
    passage = Passage.model_validate({**row, "version": 2, "url": "u", "doi": "d", "authors": ["x"]})
    retriever.upsert([passage], collection="skin", tenant="a")
    (hit,) = retriever.search("dapsone leprosy", collection="skin", tenant="a").hits
    assert (hit.source_id, hit.title, hit.year, hit.body, hit.jurisdiction) == ("7", "T", 2019, "WHO", "international")
    assert (hit.grade, hit.version, hit.url, hit.collection, hit.tenant) == ("A", "2", "u", "skin", "a")
    assert hit.extra == {"doi": "d", "authors": ["x"]}


def test_a_record_cannot_name_its_tenant(retriever: HybridRetriever) -> None:
    retriever.upsert([Passage.model_validate({"id": "x", "text": "scabies", "tenant": "b"})], collection="skin", tenant="a")
    assert not retriever.search("scabies", collection="skin", tenant="b").found


def test_an_unknown_collection_is_refused_by_name(retriever: HybridRetriever) -> None:
    for act in (
        lambda: retriever.search("x", collection="nowhere", tenant="a"),
        lambda: retriever.delete(["x"], collection="nowhere", tenant="a"),
        lambda: retriever.count(collection="nowhere", tenant="a"),
    ):
        with pytest.raises(ToolError, match="nowhere"):
            act()
    assert retriever.collections() == []


def test_collections_are_listed_and_kept_apart(retriever: HybridRetriever) -> None:
    filled(retriever).upsert(docs(x="Heart failure."), collection="heart-2", tenant="a")
    assert retriever.collections() == ["heart-2", "skin"]
    assert not retriever.search("scabies", collection="heart-2", tenant="a").found


@pytest.mark.parametrize("k", [0, -1, 101])
def test_k_has_bounds(retriever: HybridRetriever, k: int) -> None:
    with pytest.raises(ToolError, match="k: "):
        filled(retriever).search("scabies", collection="skin", tenant="a", k=k)


def test_a_whole_note_may_be_the_question(retriever: HybridRetriever) -> None:
    note = "A farmer of 60 came with many complaints over several years, none of which were recorded well. " * 40 + TEXTS["scabies"]
    found = filled(retriever).search(TEXTS["scabies"] + " " + note, collection="skin", tenant="a", k=1)
    assert ids(found) == ["scabies"]


def concepts(text: str) -> list[str]:
    pairs = {"scabies": ("scabies", "疥疮"), "itch": ("itch", "瘙痒"), "night": ("night", "夜间")}
    return [name for name, words in pairs.items() if any(word in text.lower() for word in words)]


def test_concepts_bridge_the_languages(make: Make) -> None:
    retriever = filled(make(analyzer=Analyzer(concepts, "1")))
    assert ids(retriever.search("疥疮夜间瘙痒怎么办", collection="skin", tenant="a"))[0] == "scabies"
    assert not make().search("疥疮夜间", collection="skin", tenant="a").found


def test_new_concepts_write_the_documents_anew(make: Make) -> None:
    filled(make())
    written = make(analyzer=Analyzer(concepts, "1")).upsert(docs(**TEXTS), collection="skin", tenant="a")
    assert written.replaced == len(TEXTS)


def test_meaning_finds_what_words_do_not(make: Make, meanings: Embedder) -> None:
    retriever = filled(make(embedder=meanings))
    assert ids(retriever.search("ringworm", collection="skin", tenant="a"))[0] in ("tinea", "xian")
    retriever.upsert(docs(other="Tinea tinea tinea."), collection="skin", tenant="b")
    assert "other" not in ids(retriever.search("ringworm", collection="skin", tenant="a", k=100))


def test_a_collection_with_vectors_is_searched_by_words_where_there_is_no_model(make: Make, meanings: Embedder) -> None:
    filled(make(embedder=meanings))
    assert ids(make().search("permethrin", collection="skin", tenant="a")) == ["scabies"]


def test_vectors_of_two_models_never_mix(make: Make, meanings: Embedder) -> None:
    filled(make())
    with pytest.raises(SettingsError, match="dense model"):
        make(embedder=meanings).upsert(docs(x="y"), collection="skin", tenant="a")


def test_searches_from_several_threads_agree(retriever: HybridRetriever) -> None:
    filled(retriever)
    answers: list[list[str]] = []
    threads = [
        Thread(target=lambda: answers.extend(ids(retriever.search("scabies itch", collection="skin", tenant="a")) for _ in range(5)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20
    assert all(answer == answers[0] for answer in answers)
