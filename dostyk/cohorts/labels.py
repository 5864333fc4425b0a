"""The words of this room."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from dostyk.cohorts.rules import EnrolmentState, MoveKind, NoSeat, Phase, PlanError, SeatsError
from dostyk.core.access import Role
from dostyk.core.i18n import labels

PHASES = labels(
    {
        # Translators: where a cohort stands in time
        Phase.UPCOMING: _l("Upcoming"),
        Phase.RUNNING: _l("Running"),
        Phase.FINISHED: _l("Finished"),
        Phase.ARCHIVED: _l("Archived"),
    }
)
PHASE_SHAPES = {Phase.UPCOMING: "info", Phase.RUNNING: "ok", Phase.FINISHED: "info", Phase.ARCHIVED: "warn"}

STATES = labels(
    {
        # Translators: state of a person's seat in a cohort
        EnrolmentState.ENROLLED: _l("Enrolled"),
        EnrolmentState.PENDING: _l("Waits for approval"),
        EnrolmentState.WITHDRAWN: _l("Withdrawn"),
        EnrolmentState.DECLINED: _l("Declined"),
    }
)

MOVES = labels(
    {
        # Translators: why seats moved between a country and the common pool
        MoveKind.PLANNED: _l("Moved by the coordinator"),
        MoveKind.HANDED_BACK: _l("Handed back"),
        MoveKind.PROMOTED: _l("Given to the waiting list"),
    }
)

ROLES = labels(
    {
        Role.PARTICIPANT: _l("Participant"),
        Role.TRAINER: _l("Trainer"),
        Role.COORDINATOR: _l("Coordinator"),
        Role.FOCAL_POINT: _l("Focal point"),
        Role.OBSERVER: _l("Observer"),
        Role.ADMIN: _l("Administrator"),
    }
)

# Why there is no seat, for whoever asked for it: what to do next.
NO_SEAT = labels(
    {
        NoSeat.ARCHIVED: _l("This cohort is closed for good. Ask its coordinator which other cohort you can join."),
        NoSeat.NOT_OPEN: _l("Enrolment has not begun yet. Come back when it opens; your right to a seat stays."),
        NoSeat.CLOSED: _l("Enrolment has ended. Ask the coordinator of the cohort whether you can still join."),
        NoSeat.COUNTRY_NOT_INVITED: _l(
            "No seats of this cohort are held for your country. Ask the body that sends you for another cohort."
        ),
        NoSeat.COUNTRY_FULL: _l(
            "All seats for your country are taken. Ask the body that sends you, or the coordinator, for another cohort."
        ),
        NoSeat.FULL: _l("All seats of this cohort are taken. Ask the body that sends you, or the coordinator, for another cohort."),
    }
)

# The same for the coordinator, who can do something about it.
NO_SEAT_FOR_STAFF = {
    NoSeat.ARCHIVED: _l("This cohort is archived. Restore it in the settings first."),
    NoSeat.NOT_OPEN: _l("Enrolment has not begun. Let it begin earlier in the settings, or wait."),
    NoSeat.CLOSED: _l("Enrolment has ended. Let it end later in the settings, then enrol."),
    NoSeat.COUNTRY_NOT_INVITED: _l(
        "This cohort holds no seats for that country. Add seats for it in the settings, or choose another country."
    ),
    NoSeat.COUNTRY_FULL: _l("All seats of that country are taken. Give it more seats in the settings, or choose another country."),
    NoSeat.FULL: _l("All seats of this cohort are taken. Raise the capacity in the settings, or withdraw somebody."),
}

SEATS_ERRORS = labels(
    {
        SeatsError.OVER_CAPACITY: _l(
            "The countries together hold more seats than the cohort has. Raise the capacity or lower a country's seats."
        ),
        SeatsError.BELOW_TAKEN: _l(
            "More seats are taken or reserved than that. Withdraw people or revoke vouchers first, or choose a larger number."
        ),
        SeatsError.COUNTRY_BELOW_TAKEN: _l(
            "More seats of this country are taken or reserved than that. Withdraw people or revoke vouchers first,"
            " or choose a larger number."
        ),
    }
)

PLAN_ERRORS = labels(
    {
        PlanError.DATES_REVERSED: _l("The cohort ends before it begins. Correct one of the dates."),
        PlanError.WINDOW_REVERSED: _l("Enrolment ends before it begins. Correct one of the times, or leave both empty."),
        PlanError.WINDOW_AFTER_END: _l("Enrolment goes on after the cohort has ended. Let it end earlier."),
        PlanError.ZONE_UNKNOWN: _l("Choose a time zone from the list."),
        PlanError.HAND_BACK_LATE: _l(
            "Enrolment must go on after this day, so that seats that are handed back find somebody. Choose an earlier day."
        ),
        PlanError.REPLACE_LATE: _l("The cohort is over by then. Choose a day within its dates."),
        PlanError.CODE_SHAPE: _l("Use 3 to 24 Latin capital letters, digits and single hyphens, such as DIG-2026-01."),
    }
)
PLAN_FIELDS = {
    PlanError.DATES_REVERSED: "ends_on",
    PlanError.WINDOW_REVERSED: "closes_at",
    PlanError.WINDOW_AFTER_END: "closes_at",
    PlanError.ZONE_UNKNOWN: "time_zone",
    PlanError.CODE_SHAPE: "code",
    PlanError.HAND_BACK_LATE: "hand_back_on",
    PlanError.REPLACE_LATE: "replace_until",
}
