"""The shape of every knowledge file: diseases, findings, investigations and sources.

Facts live in YAML beside this module, one file a disease or a group; these models are their schema.
Unknown keys are refused, so a typing slip is an error and never a silently missing fact.
Shares (`p`) are probabilities in [0, 1]. Prices are CNY. Drugs have their own schema in `drug_models`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
"""A lower-case, hyphenated identifier, the same in every file."""

Share = Annotated[float, Field(ge=0, le=1)]
"""A probability."""

Commonness = Literal["common", "uncommon", "rare"]
CareLevel = Literal["primary", "secondary", "tertiary"]
"""primary = village or community clinic (基层), secondary = county hospital (县级), tertiary = specialist centre (三级)."""

Urgency = Literal["emergency", "urgent", "soon", "routine"]
"""emergency = now, urgent = within 24-48 h, soon = within 1-2 weeks, routine = can wait."""

FindingKind = Literal[
    "morphology",  # primary and secondary lesions: papule, bulla, scale
    "colour",
    "site",
    "arrangement",  # annular, grouped, linear, symmetric
    "course",  # onset, tempo, recurrence
    "symptom",  # what the skin feels like: itch, pain
    "systemic",  # fever, joint pain, weight loss and signs outside the skin
    "exposure",  # contacts, drugs, sun, travel, bites, sex, work
    "history",  # the patient's and family's diseases, pregnancy, immune state
    "response",  # what treatment or a provoking factor did
    "sign",  # bedside signs: Nikolsky, Auspitz, Koebner, diascopy
    "histology",
    "immunofluorescence",
    "dermoscopy",
    "lab",
    "microbiology",
    "imaging",
    "genetics",
]

AgeBand = Literal["neonate", "infant", "child", "adolescent", "adult", "middle", "old"]
"""<28 days, <2 years, 2-11, 12-17, 18-39, 40-64, 65 and over."""

Tier = Literal["ask-examine", "non-invasive", "blood", "minor-invasive", "invasive-or-costly"]
"""The workup ladder, in order: 问诊查体, 无创, 抽血, 轻微创, 有创或高成本."""

System = Literal[
    "malignancy", "endocrine", "metabolic", "gut", "liver", "kidney", "blood", "rheumatic", "infectious", "neurological",
    "drug", "heart-lung", "eye", "pregnancy", "mental", "skin",
]  # fmt: skip
"""What of the body a systemic link is about; `skin` = a complication or a company within the skin."""

Relation = Literal["cause", "trigger", "accompanies", "complication"]
"""cause = may lie behind the skin disease; trigger = may have set it off; accompanies = goes with it; complication = may follow."""

Hazard = Literal[
    "cutting", "deep-needle", "local-anaesthetic", "electrosurgery", "iodinated-contrast", "gadolinium", "radiation", "magnet",
    "allergen", "epicutaneous", "endoscope",
]  # fmt: skip
"""What of a test can do harm or be disturbed; the risk rules hang on it."""


class Strict(BaseModel):
    """A knowledge record: no unknown keys, immutable once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Bilingual(Strict):
    """The same words in English and simplified Chinese."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


class BilingualList(Strict):
    """Wordings in each language; either list may be empty."""

    en: tuple[str, ...] = ()
    zh: tuple[str, ...] = ()


class Source(Strict):
    """Something a reader can look up. An identifier stands here only if it was seen in a search result."""

    id: Id
    body: str
    """Who issued it: a society, an agency, or the authors."""
    title: str
    year: int | None = Field(default=None, ge=1900, le=2100)
    """None where the page shows none; never an estimate."""
    jurisdiction: str
    """Where it speaks for: CN, US, UK, EU, WHO, international …"""
    grade: Literal[
        "guideline",
        "consensus",
        "systematic-review",
        "review",
        "trial",
        "cohort",
        "case-series",
        "label",
        "textbook",
        "database",
        "editorial",
    ]
    version: str = ""
    pmid: str = ""
    doi: str = ""
    url: str = ""
    superseded_by: str = ""


class FindingTerm(Strict):
    """One finding of the bilingual lexicon and the words that people use for it."""

    id: Id
    names: Bilingual
    kind: FindingKind
    parents: tuple[Id, ...] = ()
    """More general findings that this one implies."""
    forms: BilingualList = BilingualList()
    """Wordings that say it is there. Lower case, singular. `a .. b` matches a and then b close by in one sentence, `a ~ b` closer, in one
    clause, and heeds a "not" between the two."""
    absent_forms: BilingualList = BilingualList()
    """Wordings that by themselves say it is not there: "non-tender", "无痛性"."""
    leak: Share | None = None
    """Share of skin patients with any other disease in whom it is also noted; by kind where not given."""
    hpo: str = ""
    """Human Phenotype Ontology id, where one means the same."""
    ask: Bilingual | None = None
    """How a doctor would ask for it or look for it, where the name alone does not make a question."""
    red_flag: Bilingual | None = None
    """Why it is dangerous by itself, whatever the diagnosis."""


class DiseaseFinding(Strict):
    """How often a finding is seen in one disease."""

    finding: Id
    p: Share
    """Share of patients with the disease who have it at presentation. Below the finding's leak it speaks against."""
    source: Id
    basis: Literal["reported", "estimate"] = "estimate"
    """`reported`: the source gives the figure. `estimate`: the source says often or seldom, the figure is ours."""


class Prior(Strict):
    """How often a clinic meets the disease, and in whom."""

    clinic: float = Field(gt=0)
    """New cases per 10,000 first visits to a dermatology outpatient clinic in China (order of magnitude)."""
    age: dict[AgeBand, float]
    """Relative frequency by age band: <28 d, <2 y, 2-11, 12-17, 18-39, 40-64, 65+. A band left out counts 0.02."""
    female: float = Field(default=0.5, ge=0, le=1)
    """Share of patients who are female."""
    source: Id


class Course(Strict):
    """How it begins and goes on."""

    onset: Bilingual
    pattern: Bilingual


class Mimic(Strict):
    """Another disease it is taken for, and what sets the two apart."""

    disease: Id
    apart_by: Bilingual
    findings: tuple[Id, ...] = ()
    """Findings of the lexicon that decide between them."""


class SystemicLink(Strict):
    """Something outside the skin that goes with the disease, and what to do about it."""

    condition: Bilingual
    strength: Literal["strong", "moderate", "weak"]
    act: Bilingual
    system: System | None = None
    relation: Relation = "accompanies"
    tests: tuple[Id, ...] = ()
    """Investigations that `act` names, so that it can be said which are done."""
    look_for: tuple[Id, ...] = ()
    """Findings that would speak for it."""
    source: Id


class DiseaseTest(Strict):
    """An investigation that helps with this disease, in the order a careful doctor would use them."""

    test: Id
    role: Literal["screen", "confirm", "when-in-doubt", "exclude", "severity", "before-treatment", "monitor", "after-recovery"]
    """`when-in-doubt` confirms too, but a typical picture does without it. `after-recovery` is for weeks after, as patch tests of drugs."""
    separates: tuple[Id, ...] = ()
    given: tuple[Id, ...] = ()
    """Findings; where any are named, the test is for a patient who has one of them."""
    note: Bilingual | None = None


class Treatment(Strict):
    """An option for the doctor to weigh; never an order."""

    line: int = Field(ge=0, le=4)
    """0 = first of all (stop the culprit, admit), 1 = first line, and so on."""
    drug: Id | None = None
    measure: Bilingual | None = None
    """A measure without a drug of the formulary; exactly one of `drug` and `measure`."""
    route: Literal["topical", "oral", "injection", "infusion", "procedure", "phototherapy", "other"] | None = None
    dose: Bilingual | None = None
    indication: Bilingual | None = None
    efficacy: Bilingual | None = None
    efficacy_source: Id | None = None
    """Where the efficacy stands, if not in `source`."""
    watch: Bilingual | None = None
    source: Id


class Escalation(Strict):
    """When the level of care has to rise."""

    when: tuple[Id, ...]
    """Any of these findings present."""
    level: CareLevel
    urgency: Urgency
    why: Bilingual


class Care(Strict):
    """Which level of care it needs, and how soon (分级诊疗)."""

    level: CareLevel
    urgency: Urgency
    note: Bilingual
    escalate: tuple[Escalation, ...] = ()


class Review(Strict):
    """What was looked up, and what has still to be."""

    facts_checked: tuple[str, ...] = ()
    still_to_check: tuple[str, ...] = ()


class Disease(Strict):
    """Everything the program knows of one disease."""

    id: Id
    names: Bilingual
    aliases: BilingualList = BilingualList()
    icd10: str = Field(pattern=r"^[A-Z][0-9]{2}(\.[0-9]{1,2})?$")
    """WHO ICD-10 code."""
    xrefs: tuple[str, ...] = ()
    """Other catalogues: OMIM:…, ORPHA:…"""
    group: Id
    commonness: Commonness
    must_not_miss: bool = False
    danger: Bilingual | None = None
    """Why it must not be missed; required with `must_not_miss`."""
    summary: Bilingual
    """What it is, in one or two sentences."""
    prior: Prior
    course: Course
    findings: tuple[DiseaseFinding, ...] = Field(min_length=4)
    mimics: tuple[Mimic, ...] = ()
    systemic_links: tuple[SystemicLink, ...] = ()
    investigations: tuple[DiseaseTest, ...] = ()
    treatment: tuple[Treatment, ...] = ()
    avoid: tuple[Bilingual, ...] = ()
    """Treatments that do harm in this disease."""
    care: Care
    advice: tuple[Bilingual, ...] = ()
    """What to tell the patient, in everyday words."""
    sources: tuple[Id, ...] = Field(min_length=1)
    review: Review = Review()


class Investigation(Strict):
    """A test or a bedside examination: what it can show, what it costs, what it risks."""

    id: Id
    names: Bilingual
    aliases: BilingualList = BilingualList()
    tier: Tier
    price: float = Field(ge=0)
    """Typical charge in CNY at a Chinese public hospital; a site can change it."""
    invasiveness: Literal["none", "venepuncture", "minor", "major"]
    risk: Bilingual
    risk_raised_by: tuple[Id, ...] = ()
    """Findings of the lexicon (anticoagulant-use, pregnancy …) that raise the risk for a patient."""
    uninformative_in: tuple[Id, ...] = ()
    """Findings with which its result says nothing, so that it is not done: sex hormones in pregnancy."""
    yields: tuple[Id, ...] = ()
    """Findings of the lexicon that the test can show or exclude."""
    turnaround: Bilingual
    specimen: Bilingual | None = None
    preparation: Bilingual | None = None
    levels: tuple[CareLevel, ...] = ("primary", "secondary", "tertiary")
    """Where it can usually be done."""
    needs: tuple[Id, ...] = ()
    """Equipment without which it can't be done, by the ids of `sites/equipment.yaml`."""
    hazards: tuple[Hazard, ...] = ()
    stands: float | None = Field(default=None, gt=0)
    """Days that a result holds good; after that, or when the picture changes, it is worth doing again. None: for good."""
    source: Id


class RedFlag(Strict):
    """A combination of findings that is dangerous whatever the diagnosis."""

    id: Id
    all_of: tuple[Id, ...] = ()
    """Every one of these present (a child of it counts)."""
    any_of: tuple[Id, ...] = ()
    """And at least one of these, where given."""
    one_of_each: tuple[tuple[Id, ...], ...] = ()
    """And at least one of each of these groups. A finding may stand in several: (A or B) and (A or C) is A, or B with C."""
    none_of: tuple[Id, ...] = ()
    age_below: float | None = None
    """Years; the rule asks for a known age."""
    age_above: float | None = None
    points_to: tuple[Id, ...] = ()
    """Dangerous diseases that stay in sight while it is raised, however likely another is."""
    title: Bilingual
    why: Bilingual
    act: Bilingual
    level: Literal["critical", "warning", "notice"]
    care: CareLevel
    urgency: Urgency
    source: Id
