"""How batches are protected: `@needs(..., scope="batch")`."""

from __future__ import annotations

from dostyk.core.access import Scope, register
from dostyk.vouchers import queries
from dostyk.vouchers.models import Batch

register(Scope("batch", Batch, "batch_id", queries.batch, queries.covers))
