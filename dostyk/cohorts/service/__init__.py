"""What changes cohorts, seats and roles."""

from dostyk.cohorts.service.plans import CohortDetails, archive, create, edit, next_code, restore
from dostyk.cohorts.service.roles import assign, unassign
from dostyk.cohorts.service.seats import enrol, reinstate, withdraw

__all__ = ["CohortDetails", "archive", "assign", "create", "edit", "enrol", "next_code", "reinstate", "restore", "unassign", "withdraw"]
