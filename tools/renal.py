"""Kidney function from creatinine."""

from __future__ import annotations

from yingzhi.clinical.words import Sex

UMOL_PER_MG_DL = 88.4


def egfr_adult(creatinine_umol_l: float, age: float, sex: Sex) -> float | None:
    """Estimated GFR of an adult in mL/min/1.73 m² (CKD-EPI creatinine equation 2021, no race term).

    Args:
        creatinine_umol_l: Serum creatinine in µmol/L.
        age: Years, 18 or more.
        sex: `unknown` gives None.

    Returns:
        The estimate, or None if it cannot be made.
    """
    if age < 18 or sex == "unknown":
        return None
    kappa, alpha = (0.7, -0.241) if sex == "female" else (0.9, -0.302)
    ratio = creatinine_umol_l / UMOL_PER_MG_DL / kappa
    value: float = 142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.200 * 0.9938**age
    return round(value * (1.012 if sex == "female" else 1), 1)


def egfr_child(creatinine_umol_l: float, height_cm: float) -> float:
    """Estimated GFR of a child of 1-17 years in mL/min/1.73 m² (bedside Schwartz equation 2009)."""
    return round(0.413 * height_cm / (creatinine_umol_l / UMOL_PER_MG_DL), 1)
