"""The kinds of letters, and what their texts may say. Each room above registers its own when the application starts.

In `letters.py` (below the room's service, so that its verbs can write) or `mail.py` (above it); both are loaded by `create_app`:

    APPROVED = kinds.register(
        Kind(
            "vouchers.approved",                              # room.past_tense, for ever: it stands in the log
            _l("Approval"),                                   # what a coordinator calls it
            _l("Sent when a coordinator approves a seat."),   # when it is sent
            subject=_l("Your seat is approved: %(course)s"),
            body=_l("Dear %(name)s,\\n\\nyour seat in “%(course)s” (%(cohort)s) is approved.\\n\\n%(link)s\\n\\nYour Dostyk team"),
            placeholders=(
                kinds.NAME, *kinds.COHORT,
                Placeholder("link", _l("Address of the page with what comes next"), "https://dostyk.example/home", needed=True),
            ),
        )
    )

and writes with one verb (see `service.write`), in a unit of work:

    service.write(APPROVED, person.email, language="ru", person_id=person.id, cohort=cohort,
                  values={"name": person.full_name, "link": letters.link("/home")})

What `COHORT` names is filled by itself from the cohort. A placeholder that is alone in its paragraph and comes out empty takes the
paragraph with it, so that optional paragraphs are placeholders.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l

from dostyk.core.i18n import days
from dostyk.messages.rules import Places


@dataclass(frozen=True)
class Placeholder:
    """Something that a letter says of its own reader.

    `sample` is shown in previews; a function of nothing is called in the language of the preview.

    needed: a text without it cannot be saved, because the letter would be useless (the link of an invitation).
    secret: a code or a link that opens something: never in a subject, and hidden from whoever reads the log.
    long: may be several lines; any other value is put on one.
    """

    name: str
    meaning: object
    sample: object
    needed: bool = False
    secret: bool = False
    long: bool = False


@dataclass(frozen=True)
class Kind:
    """One kind of letter: its name in the log, what coordinators call it, when it is sent, and our text for it.

    `subject` and `body` are lazy translations with `%(placeholder)s`; coordinators see and write them as `{placeholder}`.
    """

    name: str
    label: object
    sent: object
    subject: object
    body: object
    placeholders: tuple[Placeholder, ...]

    def samples(self) -> dict[str, object]:
        """What stands in the placeholders of a preview."""
        return {p.name: p.sample() if callable(p.sample) else p.sample for p in self.placeholders}

    @property
    def places(self) -> Places:
        return Places(
            known=tuple(p.name for p in self.placeholders),
            needed=tuple(p.name for p in self.placeholders if p.needed),
            secret=tuple(p.name for p in self.placeholders if p.secret),
        )


NAME = Placeholder("name", _l("Name of the reader"), "Aigul Bekova")
COHORT = (
    Placeholder("course", _l("Title of the course"), _l("Digital Public Services")),
    Placeholder("cohort", _l("Code of the cohort"), "DIG-2026-01"),
    Placeholder("dates", _l("Days of the course"), lambda: days(date(2026, 11, 23), date(2026, 11, 27))),
    Placeholder("host", _l("Name of the host university"), _l("University of Almaty")),
    Placeholder("city", _l("City of the course"), _l("Almaty")),
)

_kinds: dict[str, Kind] = {}
# Letters whose text nobody edits, as the log calls them.
_fixed: dict[str, object] = {
    "account.invitation": _l("Invitation to choose a password"),
    "messages.test": _l("Test letter"),
}


def register(kind: Kind) -> Kind:
    """Add a kind of letter; the kind, for the constant that letters are written with. Raises ValueError for a name that is taken."""
    if _kinds.setdefault(kind.name, kind) is not kind:
        raise ValueError(f"two kinds of letters are called {kind.name}")
    return kind


def all_of_them() -> list[Kind]:
    """Every kind, those of one room together."""
    return sorted(_kinds.values(), key=lambda kind: kind.name)


def by_name(name: str) -> Kind | None:
    return _kinds.get(name)


def fixed(name: str, label: object) -> None:
    """Tell what the log calls a letter whose text cannot be edited: one that a room hands to `core.mail` itself."""
    _fixed[name] = label


def word(name: str) -> object:
    """What coordinators call a kind of letter."""
    kind = _kinds.get(name)
    return kind.label if kind else _fixed.get(name, name)


def words() -> list[tuple[str, object]]:
    """Every kind of letter that a log can hold, to choose from."""
    return sorted([*((kind.name, kind.label) for kind in _kinds.values()), *_fixed.items()], key=lambda pair: pair[0])
