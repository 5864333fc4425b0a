"""Extensions, created unbound; `create_app` binds them."""

from __future__ import annotations

from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

import dostyk.core.limits  # noqa: F401 -- registers the storage behind sqlite://

compress = Compress()
csrf = CSRFProtect()
migrate = Migrate()
limiter = Limiter(get_remote_address, headers_enabled=False, default_limits=[])
