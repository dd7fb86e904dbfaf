"""The WSGI entry point, served by granian."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "intelbrief.settings")

application = get_wsgi_application()

from intelbrief.checks import refuse_to_start  # noqa: E402  (needs the settings)

refuse_to_start()
