"""Pictures that are dropped, pasted or chosen while a brief is written."""

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from briefs import images, roles
from briefs.admin.desk import editor_of, number
from briefs.models import Publication


@require_POST
def upload(request: HttpRequest) -> JsonResponse:
    """Store a picture for a publication; answer with the Markdown that shows it, or with why not.

    The description is asked for here too: a page without scripts, or somebody
    else's program, is no way round it.
    """
    publication = publication_of(request, request.POST.get("publication", ""))
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        return _refused(_("No picture came with the request. Choose one and add it again."))
    alt = request.POST.get("alt", "")
    try:
        image = images.store(file, publication=publication, alt=alt, by=editor_of(request))
    except images.NotAnImage as error:
        return _refused(str(error))
    return JsonResponse(
        {
            "markdown": images.as_markdown(image, alt),
            "url": image.file.url,
            "width": image.width,
            "height": image.height,
        }
    )


def publication_of(request: HttpRequest, key: str) -> Publication:
    """Return the publication of that *key*; raise PermissionDenied for who may not write for it."""
    found = number(key)
    publication = Publication.objects.filter(pk=found).first() if found is not None else None
    if publication is None or not roles.can(editor_of(request), "write", publication):
        raise PermissionDenied
    return publication


def _refused(words: str) -> JsonResponse:
    return JsonResponse({"error": words}, status=400)
