"""What the rest of the program may know of a rare diagnosis: that it is confirmed by its gene, and whose work that is."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence

from yingzhi.clinical.differential import Diagnosis
from yingzhi.knowledge.hpo import SOURCE
from yingzhi.knowledge.models import Bilingual, BilingualList, Care, Course, Disease, DiseaseTest, Prior

GROUP = "rare-annotated"
GENETIC_TEST = "genetic-testing"
CARE = Care(
    level="tertiary",
    urgency="soon",
    note=Bilingual(
        en="a rare disease is to be confirmed at a centre with genetic testing and counselling",
        zh="罕见病须由具备遗传检测与遗传咨询条件的中心确诊",
    ),
)
ADVICE = (
    Bilingual(
        en="This is a possibility, not a diagnosis; a specialist centre and often a gene test are needed to know.",
        zh="这只是一种可能，并非确诊；须到专科中心就诊，常需基因检测才能明确。",
    ),
)


def known_diseases(diagnoses: Sequence[Diagnosis], curated: Mapping[str, Disease]) -> Mapping[str, Disease]:
    """The curated diseases, with a stand-in for each rare diagnosis that is shown.

    Args:
        diagnoses: Those of the differential.
        curated: The knowledge by id.
    """
    rare = {d.id: stand_in(d) for d in diagnoses if d.id not in curated}
    return ChainMap(rare, dict(curated)) if rare else curated


def stand_in(diagnosis: Diagnosis) -> Disease:
    """A rare diagnosis as a disease record. It has no findings, treatments or ICD-10 code to check, so it is not validated."""
    name = Bilingual(en=diagnosis.en, zh=diagnosis.zh)
    said = diagnosis.summary
    summary = Bilingual(en=said.en, zh=said.zh) if said else name
    return Disease.model_construct(
        id=diagnosis.id,
        names=name,
        aliases=BilingualList(en=tuple(diagnosis.aliases)),
        icd10="",
        xrefs=tuple(diagnosis.xrefs),
        group=GROUP,
        commonness="rare",
        must_not_miss=False,
        danger=None,
        summary=summary,
        prior=Prior(clinic=0.001, age={}, source=SOURCE),
        course=Course(onset=summary, pattern=summary),
        findings=(),
        mimics=(),
        systemic_links=(),
        investigations=(DiseaseTest(test=GENETIC_TEST, role="confirm"),),
        treatment=(),
        avoid=(),
        care=CARE,
        advice=ADVICE,
        sources=(SOURCE,),
    )
