"""A kind of letter of the tests' own."""

from __future__ import annotations

from dostyk.messages import kinds
from dostyk.messages.kinds import Kind, Placeholder

TRIAL = Kind(
    "test.trial",
    "Trial",
    "Sent when tests run.",
    subject="Your seat: %(course)s",
    body="Dear %(name)s,\n\n%(welcome)s\n\nYour code is %(voucher)s:\n%(link)s\n\n%(dates)s, %(cohort)s\n\nYour Dostyk team",
    placeholders=(
        kinds.NAME,
        *kinds.COHORT,
        Placeholder("welcome", "What comes next", "Bring your passport.", long=True),
        Placeholder("voucher", "The code", "7H3K-9QMX-4TRW", secret=True),
        Placeholder("link", "Where to go", "https://dostyk.example/redeem/7H3K9QMX4TRW", needed=True, secret=True),
    ),
)
VALUES = {
    "name": "Aigul Bekova",
    "welcome": "Bring your passport.",
    "voucher": "7H3K-9QMX-4TRW",
    "link": "http://localhost/redeem/7H3K9QMX4TRW",
}
