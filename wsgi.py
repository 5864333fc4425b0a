"""What gunicorn and the flask command load."""

from dostyk import create_app

app = create_app()
