"""What this room keeps about people: the words they wrote for letters."""

from __future__ import annotations

from flask_babel import ngettext

from dostyk.messages.models import MessageTemplate
from dostyk.people.records import link

link(MessageTemplate.edited_by_id, lambda n: ngettext("%(num)s letter text written", "%(num)s letter texts written", n))
