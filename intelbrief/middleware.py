"""Response headers that every page carries."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from briefs.pages import POLICY

# Unfold's Alpine.js evaluates expressions and sets inline styles. A brief may show
# images of other sites, so the preview beside its form must load them too.
ADMIN = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; img-src 'self' data: blob: https:; "
    "frame-src 'self' blob:; object-src 'none'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'"
)


def is_desk(request: HttpRequest) -> bool:
    """Tell whether *request* asks for a page of the admin."""
    return request.path_info.startswith("/admin/")


class ContentSecurityPolicyMiddleware:
    """Set a strict Content-Security-Policy where the view has set none.

    Public pages run no inline script or style at all; the admin, whose
    toolkit needs them, has a policy of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = ADMIN if is_desk(request) else POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        return response
