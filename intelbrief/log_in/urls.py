"""The pages of log-in, under /accounts/: those of allauth's that this house has a use for."""

from allauth.account import views as account
from allauth.account.decorators import reauthentication_required
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as social
from django.contrib.auth.decorators import login_required
from django.urls import path, re_path
from django.views.generic import RedirectView

from intelbrief.log_in import doors, home, invitations, removing, single_sign_on

# allauth keeps what somebody posts to a page that asks for the password anew, to do it once they
# have proved themselves: of a stranger too, the whole request, in a session that lasts for weeks.
# Whoever is not logged in is sent to the log-in before that.
own = login_required

urlpatterns = [
    path("", home.show, name="log_in_home"),
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("signup/", account.signup, name="account_signup"),
    path("no-desk/", doors.no_desk, name="log_in_no_desk"),
    path("reauthenticate/", own(account.reauthenticate), name="account_reauthenticate"),
    path("password/change/", own(account.password_change), name="account_change_password"),
    path(
        "password/set/",
        own(reauthentication_required(account.password_set)),
        name="account_set_password",
    ),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]{1,13})-(?P<key>[-0-9a-z]{1,100})/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("2fa/", RedirectView.as_view(pattern_name="log_in_home"), name="mfa_index"),
    path("2fa/authenticate/", factors.authenticate, name="mfa_authenticate"),
    path("2fa/reauthenticate/", factors.reauthenticate, name="mfa_reauthenticate"),
    path("2fa/app/", own(app.activate_totp), name="mfa_activate_totp"),
    path("2fa/app/remove/", own(app.deactivate_totp), name="mfa_deactivate_totp"),
    path("2fa/codes/", own(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("2fa/codes/new/", own(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("2fa/codes/file/", own(codes.download_recovery_codes), name="mfa_download_recovery_codes"),
    path(
        "2fa/passkeys/", RedirectView.as_view(pattern_name="log_in_home"), name="mfa_list_webauthn"
    ),
    path("2fa/passkeys/add/", own(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("2fa/passkeys/login/", doors.log_in_by_passkey, name="mfa_login_webauthn"),
    path(
        "2fa/passkeys/reauthenticate/",
        passkeys.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
    ),
    path("2fa/passkeys/<int:pk>/remove/", own(removing.remove_passkey), name="mfa_remove_webauthn"),
    path("2fa/passkeys/<int:pk>/edit/", own(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path("sessions/", home.end_sessions, name="log_in_end_sessions"),
    path("invitation/<str:token>/", invitations.look, name="log_in_invitation"),
    path("sso/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("sso/error/", social.login_error, name="socialaccount_login_error"),
    path("sso/signup/", account.signup, name="socialaccount_signup"),
    path("oidc/<str:provider_id>/login/", single_sign_on.begin, name="openid_connect_login"),
    path(
        "oidc/<str:provider_id>/login/callback/",
        single_sign_on.come_back,
        name="openid_connect_callback",
    ),
]
