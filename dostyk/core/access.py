"""Who may do what: the whole table, the marks a view carries, and how far a grant reaches.

A view names a permission, never a role. A role is given to a person for one cohort, one organisation, one country or
everywhere (`Grant`). Which things a grant covers is told by the room that owns the thing (`register`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any

from flask import Flask, abort, current_app, g
from flask_login import current_user


class Permission(StrEnum):
    """`room:verb`, in the order of the alphabet."""

    MANAGE_USERS = "admin:manage"
    SEE_AUDIT = "admin:audit"
    SEE_OUTBOX = "admin:outbox"
    MARK_ATTENDANCE = "attendance:mark"
    SEE_ATTENDANCE = "attendance:see"
    ISSUE_CERTIFICATES = "certificates:issue"
    REVOKE_CERTIFICATES = "certificates:revoke"
    SEE_CERTIFICATES = "certificates:see"
    CREATE_COHORTS = "cohorts:create"
    EDIT_COHORT = "cohorts:edit"
    OVERBOOK_SEATS = "cohorts:overbook"
    SEE_FIGURES = "cohorts:figures"
    SEE_COHORT = "cohorts:see"
    SEE_PARTICIPANTS = "cohorts:participants"
    EDIT_COURSES = "courses:edit"
    SEE_COURSES = "courses:see"
    USE_ACCOUNT = "home:use"
    SEE_VISA_DETAILS = "letters:visa"
    EDIT_MESSAGES = "messages:edit"
    SEE_MESSAGES = "messages:see"
    DECIDE_NOMINEES = "nominees:decide"
    NAME_PEOPLE = "nominees:name"
    SEE_NOMINEES = "nominees:see"
    EDIT_ORGANISATIONS = "organisations:edit"
    SEE_ORGANISATIONS = "organisations:see"
    ANONYMISE_PEOPLE = "people:anonymise"
    EDIT_PEOPLE = "people:edit"
    MERGE_PEOPLE = "people:merge"
    SEE_PEOPLE = "people:see"
    EDIT_SCHEDULE = "schedule:edit"
    SEE_SCHEDULE = "schedule:see"
    ISSUE_VOUCHERS = "vouchers:issue"
    SEE_BATCH = "vouchers:batch"
    SEE_VOUCHERS = "vouchers:see"


class Role(StrEnum):
    PARTICIPANT = "participant"
    TRAINER = "trainer"
    COORDINATOR = "coordinator"
    FOCAL_POINT = "focal_point"
    OBSERVER = "observer"
    ADMIN = "admin"


P = Permission
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.PARTICIPANT: frozenset({P.SEE_COHORT, P.SEE_SCHEDULE}),
    Role.TRAINER: frozenset({P.SEE_COHORT, P.SEE_FIGURES, P.SEE_PARTICIPANTS, P.SEE_SCHEDULE, P.SEE_ATTENDANCE, P.MARK_ATTENDANCE}),
    Role.COORDINATOR: frozenset(P) - {P.MANAGE_USERS, P.SEE_AUDIT, P.SEE_OUTBOX, P.OVERBOOK_SEATS, P.ANONYMISE_PEOPLE},
    Role.FOCAL_POINT: frozenset({P.SEE_BATCH, P.NAME_PEOPLE, P.SEE_NOMINEES}),
    Role.OBSERVER: frozenset({P.SEE_COHORT, P.SEE_FIGURES, P.SEE_SCHEDULE, P.SEE_COURSES}),
    Role.ADMIN: frozenset(P),
}
EVERYBODY = frozenset({P.USE_ACCOUNT})  # whoever is signed in, with or without a role


@dataclass(frozen=True)
class Grant:
    """A role and how far it reaches; all three None: everywhere."""

    role: Role
    cohort_id: int | None = None
    organisation_id: int | None = None
    country: str | None = None

    @property
    def everywhere(self) -> bool:
        return self.cohort_id is None and self.organisation_id is None and self.country is None


@dataclass(frozen=True)
class Scope:
    """How one kind of thing is protected: found from the address, and told apart by who may reach it.

    `load` gets the view's argument `param` and returns the thing or None; `covers` says whether a grant that is not
    everywhere reaches it.
    """

    name: str
    kind: type
    param: str
    load: Callable[[Any], Any | None]
    covers: Callable[[Any, Grant], bool]


PUBLIC = "public"
type_of_scope: dict[type, Scope] = {}
_scopes: dict[str, Scope] = {}
_grants_of: Callable[[int], Sequence[Grant]] | None = None
View = Callable[..., Any]


def register(scope: Scope) -> None:
    """A room tells how its things are protected. Called from `create_app`."""
    _scopes[scope.name] = scope
    type_of_scope[scope.kind] = scope


def grants_from(source: Callable[[int], Sequence[Grant]]) -> None:
    """Where the grants of a person (by number) are read. Called from `create_app`."""
    global _grants_of  # noqa: PLW0603 -- wired once, at start
    _grants_of = source


def grants() -> Sequence[Grant]:
    """The grants of whoever is signed in, read once a request; none for a visitor."""
    if "grants" not in g:
        signed_in = current_user.is_authenticated and _grants_of is not None
        g.grants = tuple(_grants_of(current_user.person_id)) if signed_in and _grants_of else ()
    return g.grants


def grants_with(permission: Permission) -> list[Grant]:
    """The grants that carry `permission`: what lists are filtered by."""
    return [grant for grant in grants() if permission in GRANTS[grant.role]]


def everywhere(permission: Permission) -> bool:
    """Whether whoever is signed in has `permission` for everything: what `needs` asks for when it names no scope."""
    return any(grant.everywhere for grant in grants_with(permission))


def can(permission: Permission | str, thing: Any = None) -> bool:
    """Whether whoever is signed in has `permission`, for `thing` when one is given, else anywhere at all."""
    permission = Permission(permission)
    if permission in EVERYBODY:
        return bool(current_user.is_authenticated)
    having = grants_with(permission)
    if thing is None:
        return bool(having)
    scope = type_of_scope[type(thing)]
    return any(grant.everywhere or scope.covers(thing, grant) for grant in having)


def reaches(thing: Any) -> bool:
    """Whether any grant of whoever is signed in reaches `thing`: who may not even know of it gets a 404, not a 403."""
    scope = type_of_scope[type(thing)]
    return any(grant.everywhere or scope.covers(thing, grant) for grant in grants())


def public(view: View) -> View:
    """Anybody, signed in or not."""
    view.access = PUBLIC  # type: ignore[attr-defined]
    return view


def needs(permission: Permission, scope: str | None = None) -> Callable[[View], View]:
    """Only who has `permission`.

    Without a scope: everywhere (or anybody signed in, for what everybody may). With `scope="any"`: somewhere, for
    lists that are filtered by `grants_with`. With the name of a registered scope: for the thing in the address, which
    the view gets in place of its address; 404 when no grant reaches it, 403 when one does but may not do this.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
            if scope is None:
                if permission not in EVERYBODY and not any(grant.everywhere for grant in grants_with(permission)):
                    abort(403)
            elif scope == "any":
                if not can(permission):
                    abort(403)
            else:
                found = _scopes[scope]
                thing = found.load(kwargs.pop(found.param))
                if thing is None or not reaches(thing):
                    abort(404)
                if not can(permission, thing):
                    abort(403)
                g.scope = kwargs[found.name] = thing
            return view(*args, **kwargs)

        guarded.access = (permission, scope)  # type: ignore[attr-defined]
        return guarded

    return mark


def refuse_unmarked_views(app: Flask) -> None:
    """The application does not start while a view says nothing about access. Flask-Security's views see to themselves."""
    unmarked = [
        name
        for name, view in app.view_functions.items()
        if name != "static" and not name.startswith("security.") and not hasattr(view, "access")
    ]
    if unmarked:
        raise RuntimeError(f"views without @needs or @public: {sorted(unmarked)}")
