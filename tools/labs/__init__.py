"""Laboratory results: reading, units, reference intervals, computed values."""

from yingzhi.tools.labs.derived import egfr_ckd_epi_2021
from yingzhi.tools.labs.parse import parse_labs
from yingzhi.tools.labs.table import LabTable, compile_labs

__all__ = ["LabTable", "compile_labs", "egfr_ckd_epi_2021", "parse_labs"]
