"""What is worth knowing about a nominee before a seat is given, and how far they have come. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from dostyk.cohorts.rules import EnrolmentState
from dostyk.courses.rules import Finding

MOST_PASTED = 300  # lines; more of them go into a file, which is read in the background
PER_FILE = 100  # letters of one printed file
NOT_TWICE_WITHIN = timedelta(hours=12)  # nobody is reminded again so soon


class Stage(StrEnum):
    """How far a nominee has come."""

    NAMED = "named"
    INVITED = "invited"
    PENDING = "pending"
    REDEEMED = "redeemed"
    ATTENDING = "attending"
    CERTIFIED = "certified"
    REPLACED = "replaced"
    GIVEN_BACK = "given_back"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"


@dataclass(frozen=True)
class Journey:
    """What decides how far a nominee has come. `seat` is what became of the seat that their voucher gave; None: not redeemed."""

    ended: bool = False
    replaced: bool = False  # somebody has taken their place
    declined: bool = False  # by a coordinator, because of what a check found
    invited: bool = False
    seat: EnrolmentState | None = None
    attended: Fraction | None = None  # of the hours held so far; None: none were
    certified: bool = False


def stage(journey: Journey) -> Stage:
    """The one word for a nominee in a list."""
    if journey.ended:
        return Stage.REPLACED if journey.replaced else Stage.GIVEN_BACK
    match journey.seat:
        case EnrolmentState.WITHDRAWN:
            return Stage.WITHDRAWN
        case EnrolmentState.DECLINED:
            return Stage.DECLINED
        case EnrolmentState.PENDING:
            return Stage.PENDING
        case EnrolmentState.ENROLLED:
            return Stage.CERTIFIED if journey.certified else Stage.ATTENDING if journey.attended is not None else Stage.REDEEMED
    if journey.declined:
        return Stage.DECLINED
    return Stage.INVITED if journey.invited else Stage.NAMED


# --- Whether two are one person --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Identity:
    """What tells people of one country apart. `key` is the folded name whose words are in the order of the alphabet."""

    key: str
    birth_year: int | None = None
    emails: frozenset[str] = frozenset()


class Likeness(StrEnum):
    """How sure it is that two are one person."""

    CERTAIN = "certain"
    PERHAPS = "perhaps"


def likeness(one: Identity, other: Identity) -> Likeness | None:
    """The same address, or the same name and year of birth: certain. The same name where a year is missing: perhaps."""
    if one.emails & other.emails:
        return Likeness.CERTAIN
    if not one.key or one.key != other.key:
        return None
    if one.birth_year is None or other.birth_year is None:
        return Likeness.PERHAPS
    return Likeness.CERTAIN if one.birth_year == other.birth_year else None


# --- Checks ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Training:
    """A course that somebody alike had taken; `title` by language."""

    title: Mapping[str, str]
    ended_on: date
    who: Identity


@dataclass(frozen=True)
class Namesake:
    """Somebody alike who is named for the same cohort, in a batch (its number)."""

    nominee_id: int
    batch_id: int
    who: Identity


@dataclass(frozen=True)
class Requirements:
    """What the course asks for, and which findings stop an invitation."""

    languages: Collection[str]
    years_of_service: int = 0
    enforced: Collection[str] = ()


@dataclass(frozen=True)
class Facts:
    """What the checks look at."""

    who: Identity
    languages: Collection[str]
    years_of_service: int | None
    has_seat: bool  # whether a voucher of the batch was free
    trainings: Sequence[Training] = ()
    namesakes: Sequence[Namesake] = ()


@dataclass(frozen=True)
class Found:
    """What a check found, how sure it is, and about what: trainings, or where else somebody is named."""

    finding: Finding
    likeness: Likeness = Likeness.CERTAIN
    trainings: tuple[Training, ...] = ()
    namesakes: tuple[Namesake, ...] = ()
    unknown: bool = False  # nothing is said of what the course asks for


def findings(facts: Facts, asked: Requirements) -> list[Found]:
    """Everything that the checks find, in the order of `Finding`."""
    return [found for check in _CHECKS if (found := check(facts, asked)) is not None]


def _trained(facts: Facts, _asked: Requirements) -> Found | None:
    alike = [(training, likeness(facts.who, training.who)) for training in facts.trainings]
    sure = _surest(how for _, how in alike)
    mine = sorted((training for training, how in alike if how), key=lambda t: t.ended_on, reverse=True)
    return Found(Finding.TRAINED_BEFORE, sure, trainings=tuple(mine)) if sure else None


def _twice(facts: Facts, _asked: Requirements) -> Found | None:
    alike = [(other, likeness(facts.who, other.who)) for other in facts.namesakes]
    sure = _surest(how for _, how in alike)
    return Found(Finding.NAMED_TWICE, sure, namesakes=tuple(other for other, how in alike if how)) if sure else None


def _over(facts: Facts, _asked: Requirements) -> Found | None:
    return None if facts.has_seat else Found(Finding.OVER_SEATS)


def _language(facts: Facts, asked: Requirements) -> Found | None:
    if not asked.languages or set(facts.languages) & set(asked.languages):
        return None
    return Found(Finding.LANGUAGE, unknown=not facts.languages)


def _years(facts: Facts, asked: Requirements) -> Found | None:
    if (facts.years_of_service or 0) >= asked.years_of_service:
        return None
    return Found(Finding.YEARS_OF_SERVICE, unknown=facts.years_of_service is None)


_CHECKS = (_trained, _twice, _over, _language, _years)


def _surest(found: Iterable[Likeness | None]) -> Likeness | None:
    seen = set(found)
    return next((how for how in Likeness if how in seen), None)


def to_decide(found: Iterable[Found], enforced: Collection[str], decided: Mapping[Finding, bool]) -> list[Finding]:
    """The findings that stop the invitation until somebody decides: the course enforces them, and nobody has decided."""
    return [one.finding for one in found if one.finding in enforced and one.finding not in decided]


class NotInvited(StrEnum):
    """Why no invitation goes to somebody."""

    ENDED = "ended"
    REDEEMED = "redeemed"
    NO_SEAT = "no_seat"
    EXPIRED = "expired"
    DECLINED = "declined"
    TO_DECIDE = "to_decide"
    NO_ADDRESS = "no_address"
    INVITED = "invited"


def why_not_invited(
    journey: Journey, *, has_seat: bool, open_: bool, address: bool, waiting: Collection[Finding], again: bool = False
) -> NotInvited | None:
    """The first reason why no invitation goes out; None when it does.

    `open_`: the voucher can be redeemed; `waiting`: findings to decide; `again`: send it though it was sent before.
    """
    checks = (
        (journey.ended, NotInvited.ENDED),
        (journey.seat is not None, NotInvited.REDEEMED),
        (journey.declined, NotInvited.DECLINED),
        (not has_seat, NotInvited.NO_SEAT),
        (not open_, NotInvited.EXPIRED),
        (bool(waiting), NotInvited.TO_DECIDE),
        (not address, NotInvited.NO_ADDRESS),
        (journey.invited and not again, NotInvited.INVITED),
    )
    return next((reason for failed, reason in checks if failed), None)


def reminded_lately(reminded_at: datetime | None, now: datetime) -> bool:
    """Whether a reminder went out so shortly before that another would only annoy."""
    return reminded_at is not None and now - reminded_at < NOT_TWICE_WITHIN
