"""Everything that is neither desk nor API: public pages, mailed links, log-in, doors of programs.

Each address is in exactly one class, and a class says who changes what by which method.
"""

import re
from functools import partial
from typing import NamedTuple

import pytest

from briefs.models import Brief
from subscribers import preferences, tokens
from subscribers.models import FeedToken, GroupMember
from tests.access import addresses
from tests.access.asking import ask
from tests.access.scene import DRAFT, Scene

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "POST")
WHO = ("anonymous", "reader", "owner")


class Kind(NamedTuple):
    """A class of addresses: who may change rows by POST, and whether a forged POST is let in."""

    words: str
    posts: bool = False
    is_exempt: bool = False
    needs_log_in: bool = False


PAGE = Kind("shown to everybody, says what is public, and knows no POST")
FORM = Kind("an anonymous form: at most a mail to the owner of an address", True, True)
TOKEN = Kind("the token in the address is the credential, and no cookie is", True, True)
LINK = Kind("the token opens it, and nothing is changed by it")
LEAVE = Kind("ends what the browser itself holds", False, True)
PROGRAM = Kind("a program proves itself by a secret of its own", False, True)
LOG_IN = Kind("whoever asks to log in; what fails is counted", True)
OWN = Kind("one's own log-in, for whoever is logged in", True, needs_log_in=True)
LOCAL = Kind("the inbox of a try-out, which other machines do not see")
WATCHED = Kind("for who watches; the front door answers it before anything else", False, True)

CLASSES: dict[str, Kind] = {}
# What a GET writes down all the same: nothing that anybody chose.
NOTED = {
    "briefs:card.png": "that the picture is wanted",
    "briefs:brief.pdf": "that the print is wanted",
    "subscribers:feed": "when the feed was last read",
    "subscribers:json": "likewise",
    "mfa_activate_totp": "the secret that is offered, in one's own session",
    "mfa_add_webauthn": "the question to the passkey, likewise",
    "mfa_login_webauthn": "likewise, for minutes, and so often for each origin",
}
TURNED_AWAY = (302, 403, 404, 405)


def _class(kind: Kind, names: str) -> None:
    for name in names.split():
        assert name not in CLASSES, f"{name} is in two classes."
        CLASSES[name] = kind


_class(
    PAGE,
    "briefs:front briefs:media briefs:robots briefs:sitemap briefs:sitemap_part briefs:search "
    "briefs:publication briefs:search_publication briefs:archive briefs:topics briefs:regions "
    "briefs:author briefs:year briefs:month briefs:day briefs:brief "
    "briefs:card.png briefs:brief.pdf briefs:feed.atom briefs:feed.json "
    "subscribers:chosen subscribers:thanks subscribers:embed_script "
    "subscribers:privacy subscribers:imprint subscribers:look log_in_no_desk",
)
_class(
    FORM,
    "subscribers:choose subscribers:subscribe subscribers:ask_link subscribers:ask_reading "
    "subscribers:challenge subscribers:embed",
)
_class(
    TOKEN,
    "subscribers:confirm subscribers:preferences subscribers:own subscribers:undo "
    "subscribers:address subscribers:invitation subscribers:unsubscribe deliveries:erase",
)
_class(
    LINK,
    "subscribers:canary subscribers:enter subscribers:feed subscribers:json deliveries:export "
    "deliveries:view deliveries:click deliveries:pixel",
)
_class(LEAVE, "subscribers:leave")
_class(PROGRAM, "deliveries:webhook")
_class(
    LOG_IN,
    "account_login account_logout account_inactive account_signup account_reset_password "
    "account_reset_password_done account_reset_password_from_key "
    "account_reset_password_from_key_done mfa_authenticate mfa_login_webauthn log_in_invitation "
    "socialaccount_login_cancelled socialaccount_login_error socialaccount_signup "
    "openid_connect_login openid_connect_callback",
)
_class(
    OWN,
    "log_in_home account_reauthenticate account_change_password account_set_password mfa_index "
    "mfa_reauthenticate mfa_activate_totp mfa_deactivate_totp mfa_view_recovery_codes "
    "mfa_generate_recovery_codes mfa_download_recovery_codes mfa_list_webauthn mfa_add_webauthn "
    "mfa_reauthenticate_webauthn mfa_remove_webauthn mfa_edit_webauthn log_in_end_sessions",
)
_class(LOCAL, "inbox:index inbox:empty inbox:message inbox:html inbox:download")
_class(WATCHED, "healthz readyz metrics")


def key_of(address: addresses.Address) -> str:
    """Return by what an address is classed: an unnamed one by what it ends with."""
    unnamed = f"{address.space}:{address.name.rpartition('/')[2]}"
    return unnamed if "/" in address.name else address.key


def filled(everything: Scene) -> list[tuple[str, str]]:
    """Return every address that is neither desk nor API, with what stands in it of A."""
    brief = Brief.objects.filter(publication=everything.publication, published_at__isnull=False)[0]
    token = _tokens(everything)
    found = []
    for address in addresses.every():
        if address.space in ("admin", "api-1") or address.written.startswith(("admin/", "api/")):
            continue
        key = key_of(address)
        values = {
            "slug": everything.publication.slug,
            "list_slug": "ines" if "authors" in address.written else "quays",
            "year": f"{brief.date:%Y}", "month": f"{brief.date:%m}", "day": f"{brief.date:%d}",
            "date": f"{brief.date:%Y/%m/%d}", "brief_slug": brief.slug, "number": "1",
            "path": "x.png", "esp": "postmark", "token": token.get(key, ""), "id": "x",
            "pk": "1", "provider_id": "oidc", "uidb36": "1", "key": "set-password",
        }  # fmt: skip
        written = address.written.replace("<date_line:date>", values["date"])
        path = re.sub(r"<(?:\w+:)?(\w+)>", partial(_value, values), written)
        found.append((key, f"/{path}"))
    return found


def _value(values: dict[str, str], part: re.Match[str]) -> str:
    return values[part[1]]


def _tokens(everything: Scene) -> dict[str, str]:
    rows = everything.rows
    reader, edition = rows["subscription"], rows["edition"].pk
    mark = preferences.mark(reader)
    feed = FeedToken.objects.create(subscription=reader)
    member = GroupMember.objects.get(pk=rows["groupmember"].pk)
    leaving = tokens.unsubscribe.make(reader.pk, 0)
    mine = preferences.own_token(reader)
    return {
        "subscribers:confirm": tokens.confirm.make(reader.pk),
        "subscribers:canary": tokens.canary.make(reader.pk),
        "subscribers:preferences": leaving,
        "subscribers:unsubscribe": leaving,
        "subscribers:own": mine,
        "deliveries:export": mine,
        "deliveries:erase": mine,
        "subscribers:undo": tokens.undo.make(rows["consentrecord"].pk),
        "subscribers:address": tokens.address.make(rows["notice"].pk, 1),
        "subscribers:enter": tokens.reading.make(reader.pk, mark, 0),
        "subscribers:invitation": tokens.invitation.make(member.pk),
        "subscribers:feed": tokens.feed.make(feed.pk, mark),
        "subscribers:json": tokens.feed.make(feed.pk, mark),
        "deliveries:view": tokens.view.make(edition, 0),
        "deliveries:click": tokens.click.make(edition, 0, 0),
        "deliveries:pixel": tokens.pixel.make(edition, 0),
        "log_in_invitation": tokens.colleague.make(rows["invitation"].pk, rows["invitation"].mails),
    }


def test_every_address_is_of_one_class(everything: Scene) -> None:
    keys = {key for key, _path in filled(everything)}
    assert keys - set(CLASSES) == set()
    assert set(CLASSES) - keys == set()


def test_nobody_reads_what_is_hidden_or_writes_but_by_the_post_of_a_class(
    everything: Scene,
) -> None:
    holes = []
    for key, path in filled(everything):
        kind = CLASSES[key]
        for who in WHO:
            for method in METHODS if who == "anonymous" else ("GET", "POST"):
                answer = ask(method, path, cookie=everything.cookies[who])
                where = f"{key}: {method} {path} as {who} → {answer.status}"
                if answer.status >= 500 and key != "readyz":
                    holes.append(f"{where}, broken")
                if answer.says(DRAFT.encode()):
                    holes.append(f"{where}, with words of a draft")
                if answer.written and not may_write(key, kind, method, who):
                    holes.append(f"{where}, and {answer.written} rows were written")
                if kind.needs_log_in and who != "owner" and answer.status not in TURNED_AWAY:
                    holes.append(f"{where}, and should lead to the log-in")
    assert holes == [], "\n".join(holes)


def may_write(key: str, kind: Kind, method: str, who: str) -> bool:
    if key in NOTED:
        return who == "owner" or not kind.needs_log_in
    return method == "POST" and kind.posts and (who == "owner" or not kind.needs_log_in)


def test_a_forged_post_is_refused_wherever_a_cookie_says_who_posts(everything: Scene) -> None:
    holes = []
    for key, path in filled(everything):
        answer = ask("POST", path, cookie=everything.cookies["owner"], with_token=False)
        is_refused = answer.status in (403, 405) and not answer.written
        if not is_refused and not CLASSES[key].is_exempt:
            holes.append(f"{key}: {answer.status}, {answer.written} rows")
    for name, path in addresses.of_the_desk(everything.rows).items():
        answer = ask("POST", path, cookie=everything.cookies["root"], with_token=False)
        if answer.status != 403 or answer.written:
            holes.append(f"{name}: {answer.status}, {answer.written} rows")
    assert holes == [], "\n".join(holes)


def test_a_token_of_another_purpose_opens_nothing(everything: Scene) -> None:
    wrong = tokens.sample.make(everything.rows["subscription"].pk)
    holes = []
    for key, path in filled(everything):
        if CLASSES[key] not in (TOKEN, LINK) and key != "log_in_invitation":
            continue
        for method in ("GET", "POST"):
            answer = ask(method, re.sub(r"[\w-]{14,}", wrong, path))
            if answer.written or answer.status >= 500 or answer.says(b"ada@", b"new@"):
                holes.append(f"{key}: {method} → {answer.status}, {answer.written} rows")
    assert holes == []


def test_the_right_token_ends_a_subscription_at_one_click(everything: Scene) -> None:
    """Else the refusals of the others would prove nothing."""
    path = dict(filled(everything))["subscribers:unsubscribe"]
    assert ask("POST", path, b"List-Unsubscribe=One-Click", with_token=False).written
