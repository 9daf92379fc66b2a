"""Puts a model's proposal and the playbook's result together, one function a result type.

What holds for every possible answer of a model: alerts never shrink and never fall in level, the must-not-miss lane stays, gates stay as
the playbook set them, drug verdicts stay, a citation is a passage that was retrieved and bears its claim out, and no order, dose or
link reaches the doctor. What is not taken is listed with the kind of reason.
"""

from yingzhi.agents.reconcile.challenge import reconcile_challenge
from yingzhi.agents.reconcile.common import MODEL, Ground, trusted, trusted_treatment, trusted_workup
from yingzhi.agents.reconcile.differential import reconcile_differential
from yingzhi.agents.reconcile.documentation import reconcile_documentation
from yingzhi.agents.reconcile.history import reconcile_history
from yingzhi.agents.reconcile.pharmacology import reconcile_pharmacology
from yingzhi.agents.reconcile.workup import reconcile_workup

__all__ = [
    "MODEL",
    "Ground",
    "reconcile_challenge",
    "reconcile_differential",
    "reconcile_documentation",
    "reconcile_history",
    "reconcile_pharmacology",
    "reconcile_workup",
    "trusted",
    "trusted_treatment",
    "trusted_workup",
]
