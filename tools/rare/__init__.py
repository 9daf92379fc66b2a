"""The rare arm: every disease with HPO annotations, ranked by how well it explains a record, in one ranking with the curated ones.

`RareArm` is opened with the resources; `rank_jointly` and `with_rare` are what the differential calls. docs/rare.md has the model.
"""

from yingzhi.tools.rare.arm import RareArm
from yingzhi.tools.rare.differential import JointRanking, rank_jointly, with_rare
from yingzhi.tools.rare.reading import read_phenotypes
from yingzhi.tools.rare.stand_in import known_diseases

__all__ = ["JointRanking", "RareArm", "known_diseases", "rank_jointly", "read_phenotypes", "with_rare"]
