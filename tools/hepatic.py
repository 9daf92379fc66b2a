"""Liver function from laboratory values."""

from __future__ import annotations

from typing import Literal

ChildPugh = Literal["A", "B", "C"]
Grade = Literal["none", "mild", "severe"]


def child_pugh(bilirubin_umol_l: float, albumin_g_l: float, inr: float, ascites: Grade, encephalopathy: Grade) -> tuple[int, ChildPugh]:
    """The Child-Pugh score of a patient with cirrhosis (Pugh et al., British Journal of Surgery 1973).

    Args:
        bilirubin_umol_l: Total bilirubin in µmol/L (34 and 51 part the points).
        albumin_g_l: Albumin in g/L (35 and 28).
        inr: International normalised ratio (1.7 and 2.3).
        ascites: None, mild (or controlled), severe.
        encephalopathy: None, grade 1-2, grade 3-4.

    Returns:
        Points from 5 to 15, and the class: A to 6, B to 9, C from 10.
    """
    grades: dict[Grade, int] = {"none": 1, "mild": 2, "severe": 3}
    points = (
        (1 if bilirubin_umol_l < 34 else 2 if bilirubin_umol_l <= 51 else 3)
        + (1 if albumin_g_l > 35 else 2 if albumin_g_l >= 28 else 3)
        + (1 if inr < 1.7 else 2 if inr <= 2.3 else 3)
        + grades[ascites]
        + grades[encephalopathy]
    )
    return points, "A" if points <= 6 else "B" if points <= 9 else "C"
