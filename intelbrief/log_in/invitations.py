"""The page of an invitation to work on a publication: GET shows it, POST accepts."""

from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from briefs import invitations
from briefs.models import Invitation, User
from intelbrief.log_in.forms import Joining
from subscribers import tokens


@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def look(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation to who has its mail; scanners that follow the link change nothing."""
    try:
        number, mails = tokens.colleague.load(token)
    except tokens.BadToken:
        return _gone(request)
    rows = invitations.open_ones().filter(pk=number, mails=mails)
    invitation = rows.select_related("publication", "by").first()
    if invitation is None:
        return _gone(request)
    if owner := User.objects.filter(email=invitation.address).first():
        return _known(request, invitation, owner)
    return _new(request, invitation)


def _gone(request: HttpRequest, why: str = "") -> HttpResponse:
    return render(request, "account/invitation_over.html", {"why": why}, status=410)


def _known(request: HttpRequest, invitation: Invitation, owner: User) -> HttpResponse:
    """Let in who has an account, once they have logged in as its owner."""
    is_theirs = request.user.is_authenticated and request.user.pk == owner.pk
    if request.method == "POST" and is_theirs:
        try:
            invitations.accept(invitation, invitation.mails, user=owner)
        except (invitations.NotOpen, PermissionError) as error:
            return _gone(request, str(error))
        messages.success(request, _welcome(invitation))
        return HttpResponseRedirect(reverse("admin:index"))
    log_in = f"{reverse('account_login')}?{urlencode({REDIRECT_FIELD_NAME: request.path})}"
    context = {"invitation": invitation, "is_theirs": is_theirs, "log_in_url": log_in}
    return render(request, "account/invitation.html", context)


def _new(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Make an account for who has none, and log in with it."""
    form = Joining(request.POST or None, address=invitation.address)
    if request.method == "POST" and form.is_valid():
        password = None if form.by_passkey else form.cleaned_data["password1"]
        try:
            user = invitations.join(
                invitation, invitation.mails, name=form.cleaned_data["name"], password=password
            )
        except invitations.NotOpen as error:
            return _gone(request, str(error))
        messages.success(request, _welcome(invitation))
        onward = "mfa_add_webauthn" if form.by_passkey else "admin:index"
        response: HttpResponse = perform_login(request, user, redirect_url=reverse(onward))
        return response
    context = {"invitation": invitation, "form": form, "is_new": True}
    return render(request, "account/invitation.html", context)


def _welcome(invitation: Invitation) -> str:
    words = _("Welcome. You work on %(publication)s now, as %(role)s.")
    return words % {
        "publication": invitation.publication.name,
        "role": invitation.get_role_display(),
    }
