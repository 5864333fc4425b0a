"""What is done to organisations, people, consents and accounts. Nothing here commits."""

from dostyk.people.service.directory import (
    account_invited,
    activate,
    archive,
    archive_organisation,
    checked,
    confirm_address,
    consent,
    deactivate,
    derive,
    invitation_token,
    invite,
    not_latin,
    not_printable,
    open_account,
    register,
    reset_second_factor,
    restore,
    restore_organisation,
    save_organisation,
    sign_out_everywhere,
    update,
    withdraw_consent,
)
from dostyk.people.service.merging import merge, part, plan
from dostyk.people.service.privacy import anonymise, begins, due, why_not_anonymise

__all__ = [
    "account_invited", "activate", "anonymise", "archive", "archive_organisation", "begins", "checked", "confirm_address",
    "consent", "deactivate", "derive", "due", "invitation_token", "invite", "merge", "not_latin", "not_printable", "open_account",
    "part", "plan", "register", "reset_second_factor", "restore", "restore_organisation", "save_organisation",
    "sign_out_everywhere", "update", "why_not_anonymise", "withdraw_consent",
]  # fmt: skip
