"""Where the desk's own addresses of log-in lead."""

from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache


@never_cache
def to_log_in(request: HttpRequest) -> HttpResponse:
    """Lead from the desk's log-in to the one page that there is, and back to what was wanted.

    Who is logged in and may not see the desk would be sent to and fro for ever.
    """
    if request.user.is_authenticated and not admin.site.has_permission(request):
        return HttpResponseRedirect(reverse("log_in_no_desk"))
    wanted = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
    query = urlencode({REDIRECT_FIELD_NAME: wanted})
    return HttpResponseRedirect(f"{reverse('account_login')}?{query}")


def to_new_password(request: HttpRequest) -> HttpResponse:
    """Lead to where a password is changed; Django's own page would not note it."""
    return HttpResponseRedirect(reverse("account_change_password"))


@login_required
def no_desk(request: HttpRequest) -> HttpResponse:
    """Say that an account has no desk, and whom to ask."""
    return render(request, "account/no_desk.html", status=403)
