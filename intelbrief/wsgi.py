"""The WSGI entry point, served by granian."""

import gc
import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "intelbrief.settings")


UNREADABLE = "text/plain", b"This address cannot be read."


class Handler(WSGIHandler):
    """Answers 400 where Django cannot even make a request of what came.

    Where a Content-Type names a charset, it reads the address in it before any
    middleware is asked, and for "rot13", or 2,000 fields, that raises.
    """

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Any:
        """Answer one request."""
        if environ["PATH_INFO"].startswith(door.PATHS):
            answered = door.answer(environ, start_response)
            if answered is not None:
                return answered
        return page_cache.answer(environ, start_response, self._through_django)

    def _through_django(self, environ: dict[str, Any], start_response: "StartResponse") -> Any:
        try:
            # Of a copy: it puts the decoded address there, which another could not read again.
            self.request_class(dict(environ))  # touches the headers only
        except (LookupError, ValueError, SuspiciousOperation):
            is_api = api_door.is_ours(environ["PATH_INFO"])
            kind, words = api_door.UNREADABLE if is_api else UNREADABLE
            start_response("400 Bad Request", [("Content-Type", kind)])
            return [words]
        return super().__call__(environ, start_response)


django.setup(set_prefix=False)
application = Handler()

from api import door as api_door  # noqa: E402  (needs the settings)
from deliveries.tracking import door  # noqa: E402  (needs the apps)
from intelbrief.checks import refuse_to_start  # noqa: E402  (needs the settings)
from intelbrief.page_cache import door as page_cache  # noqa: E402  (needs the apps)

refuse_to_start()

# The pages, the desk's too, before the first request, and spared the garbage collector's rounds.
import_module(settings.ROOT_URLCONF)
gc.freeze()
