"""The wiring: settings, URLs, Celery, system checks, embedded services."""

# Without this import `.delay()` in the web process goes to amqp://localhost:
# shared tasks bind to the first Celery app that exists.
from intelbrief.celery import app as celery_app

__all__ = ["celery_app"]
