from __future__ import annotations

from pathlib import Path

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.evidence import Passage
from yingzhi.clinical.presentation import Presentation
from yingzhi.graphs.resources import open_resources
from yingzhi.graphs.run import consult
from yingzhi.graphs.settings import Settings
from yingzhi.tools.retrieval import open_retriever

NOTE = "患者女，68岁。右侧胸背部针刺样疼痛5天，成簇水疱3天，沿肋间呈带状分布，单侧。"


async def test_the_built_in_corpus_is_searched_and_cited(resources: Resources) -> None:
    result = await consult(Presentation(text=NOTE), resources)
    passages = [s for s in result.sources if s.passage]
    assert passages
    assert any(s.id.startswith("herpes-zoster#") for s in passages)


async def test_what_a_site_ingests_is_cited_in_its_consultations_and_in_nobody_elses(tmp_path: Path) -> None:
    own = open_retriever(tmp_path)
    text = "Herpes zoster 带状疱疹: our clinic gives antiviral treatment within 72 hours of the first vesicle."
    own.upsert([Passage(id="protocol-7", text=text, title="Zoster protocol")], collection="protocols", tenant="hospital-a")
    own.close()
    cited = {}
    for tenant in ("hospital-a", "hospital-b"):
        resources = open_resources(Settings(home=tmp_path, tenant=tenant))
        result = await consult(Presentation(text=NOTE), resources)
        cited[tenant] = {s.id for s in result.sources}
        for retriever in resources.retrievers:
            retriever.close()
    assert "protocol-7" in cited["hospital-a"]
    assert "protocol-7" not in cited["hospital-b"]


async def test_a_consultation_without_evidence_search_still_cites_its_knowledge(home: Path) -> None:
    result = await consult(Presentation(text=NOTE), open_resources(Settings(home=home, evidence=False)))
    assert result.sources
    assert not any(s.passage for s in result.sources)
    assert result.pins.index == ""


async def test_a_site_can_set_its_own_prices(home: Path, tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("skin-biopsy-histology: 999\n", encoding="utf-8")
    resources = open_resources(Settings(home=home, prices=prices, evidence=False))
    assert resources.knowledge.investigations["skin-biopsy-histology"].price == 999
