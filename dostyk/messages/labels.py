"""The words of this room."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from dostyk.core.i18n import labels
from dostyk.core.mail import MailState
from dostyk.core.post import Trouble
from dostyk.core.web import constraint_says
from dostyk.messages.rules import Fault, Origin

STATES: dict[MailState, Any] = labels(
    # Translators: the state of a letter
    {MailState.QUEUED: _l("Waiting"), MailState.SENT: _l("Handed to the mail server"), MailState.FAILED: _l("Not delivered")}
)
# The shape beside the word: see macros/page.html.
SHAPES: dict[MailState, str] = {MailState.QUEUED: "info", MailState.SENT: "ok", MailState.FAILED: "bad"}

TROUBLES: dict[Trouble, Any] = labels(
    {
        Trouble.UNREACHABLE: _l("The mail server did not answer. If this goes on, tell the administrator."),
        Trouble.SLOW: _l("The mail server was too slow to answer."),
        Trouble.ENCRYPTION: _l("No safe connection to the mail server could be made. Tell the administrator."),
        Trouble.SIGN_IN: _l("The mail server did not accept our user name and password. Tell the administrator."),
        Trouble.SENDER: _l("The mail server takes no letters from our address. Tell the administrator."),
        Trouble.DROPPED: _l("The mail server broke off before it had the letter."),
        Trouble.BUSY: _l("The mail server did not take the letter at that moment."),
        Trouble.UNCERTAIN: _l("The mail server broke off after it was given the letter: nobody knows whether it keeps it."),
        Trouble.ADDRESS: _l("The mail server says that there is no such address. Check it with the person."),
        Trouble.CONTENT: _l("The mail server refused the letter for what it says. Tell the administrator."),
        Trouble.MALFORMED: _l("This is not an e-mail address. Correct it, and write to the person again."),
    }
)

FAULTS: dict[Fault, Any] = labels(
    {
        Fault.EMPTY: _l("Write something here, or use our text again."),
        Fault.UNKNOWN: _l("%(about)s is not a placeholder of this letter. Use one of the list, or write the words without braces."),
        Fault.NEEDED: _l("%(about)s is missing: without it the letter is of no use to its reader."),
        Fault.SECRET: _l("%(about)s must not stand in the subject: subjects are read by others, in lists and on locked screens."),
    }
)

ORIGINS: dict[Origin, Any] = labels(
    {
        # Translators: whose words a letter has
        Origin.OWN: _l("Own text of this cohort"),
        Origin.EVERYWHERE: _l("Own text for all cohorts"),
        Origin.OURS: _l("Our text"),
    }
)
ORIGIN_SHAPES: dict[Origin, str] = {Origin.OWN: "ok", Origin.EVERYWHERE: "ok", Origin.OURS: "info"}

SENT_AGAIN = _l("This letter was sent again already. Send the newer one again, if that is needed.")
for _name in ("uq_mail_again_of_id", "mail.again_of_id"):
    constraint_says(_name, SENT_AGAIN)
CHANGED = _l("Somebody changed this text after you had opened it. Theirs is kept; yours is still here: compare, and save again.")
for _name in (
    "uq_message_template_kind_language_cohort_id",
    "message_template.kind, message_template.language, message_template.cohort_id",
):
    constraint_says(_name, CHANGED)
for _name in ("uq_message_template_everywhere", "message_template.kind, message_template.language"):
    constraint_says(_name, CHANGED)
