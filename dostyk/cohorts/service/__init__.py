"""What changes cohorts, seats and roles."""

from dostyk.cohorts.service.copying import Copied, cohort_copied, copy, sentence, usual_start
from dostyk.cohorts.service.moves import move_seats
from dostyk.cohorts.service.plans import CohortDetails, archive, create, edit, next_code, restore
from dostyk.cohorts.service.roles import assign, unassign
from dostyk.cohorts.service.seats import approve, decline, enrol, reinstate, withdraw

__all__ = [
    "CohortDetails", "Copied", "approve", "archive", "assign", "cohort_copied", "copy", "create", "decline", "edit", "enrol",
    "move_seats", "next_code", "reinstate", "restore", "sentence", "unassign", "usual_start", "withdraw",
]  # fmt: skip
