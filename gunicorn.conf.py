"""How gunicorn runs the application; addresses and numbers can be given on its command line as well."""

import gc
import tempfile
from typing import Any

wsgi_app = "wsgi:app"
worker_class = "gthread"
workers = 2
threads = 4
graceful_timeout = 10
worker_tmp_dir = tempfile.gettempdir()


def post_worker_init(_worker: Any) -> None:
    """What was loaded at the start stays: the collector need not look at it again at every pass."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
