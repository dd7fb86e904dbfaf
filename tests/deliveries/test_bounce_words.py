"""What the words of each ESP mean for a reader."""

from types import SimpleNamespace

import pytest

from deliveries import bounces, told, vendors
from deliveries.returned.rules import REASONS

pytestmark = pytest.mark.sqlite_only

AUTH = "550-5.7.26 This mail is unauthenticated, which poses a security risk to the sender"
GONE = "550 5.1.1 The email account that you tried to reach does not exist"
FULL = "452 4.2.2 The email account that you tried to reach is over quota"


def mailgun(reason: str, code: int, words: str, severity: str = "permanent") -> dict[str, object]:
    status = {"code": code, "message": words}
    event = {"event": "failed", "severity": severity, "reason": reason, "delivery-status": status}
    return {"event-data": event}


def ses(kind: str, subtype: str, words: str = "") -> dict[str, object]:
    bounced = [{"emailAddress": "a@b.example", "status": "", "diagnosticCode": words}]
    return {"bounce": {"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": bounced}}


def sparkpost(number: str, words: str = "", kind: str = "bounce") -> dict[str, object]:
    return {"msys": {"message_event": {"type": kind, "bounce_class": number, "raw_reason": words}}}


# What was said: whether it is permanent, the reason, and whether the sender is at fault.
CASES: dict[str, tuple[str, dict[str, object], tuple[object, str, bool]]] = {
    "postmark-hard": (
        "postmark",
        {"Type": "HardBounce", "Details": GONE},
        (True, "no-mailbox", False),
    ),
    "postmark-soft": ("postmark", {"Type": "SoftBounce", "Details": FULL}, (False, "full", False)),
    "postmark-auth": ("postmark", {"Type": "HardBounce", "Details": AUTH}, (False, "auth", True)),
    "postmark-dmarc": ("postmark", {"Type": "DMARCPolicy"}, (False, "auth", True)),
    "postmark-blocked": ("postmark", {"Type": "Blocked"}, (False, "blocked", True)),
    "sendgrid-blocked": (
        "sendgrid",
        {"event": "bounce", "type": "blocked", "reason": AUTH},
        (False, "auth", True),
    ),
    "sendgrid-invalid": (
        "sendgrid",
        {"event": "bounce", "type": "bounce", "bounce_classification": "Invalid Address"},
        (True, "no-mailbox", False),
    ),
    "sendgrid-reputation": (
        "sendgrid",
        {"event": "bounce", "type": "bounce", "bounce_classification": "Reputation"},
        (False, "blocked", True),
    ),
    "mailgun-gone": ("mailgun", mailgun("bounce", 550, GONE), (True, "no-mailbox", False)),
    "mailgun-full": ("mailgun", mailgun("bounce", 552, "mailbox full"), (False, "full", False)),
    "mailgun-old": ("mailgun", mailgun("old", 602, "Too old"), (False, "expired", False)),
    "mailgun-blocked": ("mailgun", mailgun("espblock", 550, "no"), (False, "blocked", True)),
    "ses-gone": ("amazon_ses", ses("Permanent", "NoEmail"), (True, "no-mailbox", False)),
    "ses-full": ("amazon_ses", ses("Transient", "MailboxFull"), (False, "full", False)),
    "ses-new-subtype": ("amazon_ses", ses("Permanent", "Brandnew"), (True, "unknown", False)),
    "ses-auth": ("amazon_ses", ses("Permanent", "General", AUTH), (False, "auth", True)),
    "brevo-hard": ("brevo", {"event": "hard_bounce", "reason": GONE}, (True, "no-mailbox", False)),
    "brevo-soft": ("brevo", {"event": "soft_bounce", "reason": FULL}, (False, "full", False)),
    "mailjet-domain": (
        "mailjet",
        {"event": "bounce", "error": "invalid domain"},
        (True, "no-domain", False),
    ),
    "mailjet-soft": ("mailjet", {"event": "bounce", "error": "?"}, (False, "unknown", False)),
    "mandrill-hard": (
        "mandrill",
        {"event": "hard_bounce", "msg": {"bounce_description": "bad_mailbox"}},
        (True, "no-mailbox", False),
    ),
    "resend-undetermined": (
        "resend",
        {"type": "email.bounced", "data": {"bounce": {"type": "Undetermined", "message": GONE}}},
        (True, "no-mailbox", False),
    ),
    "sparkpost-10": ("sparkpost", sparkpost("10", GONE), (True, "no-mailbox", False)),
    "sparkpost-22": ("sparkpost", sparkpost("22", FULL), (False, "full", False)),
    "sparkpost-51": ("sparkpost", sparkpost("51", "blocked"), (False, "blocked", True)),
    "mailersend": (
        "mailersend",
        {"data": {"type": "hard_bounced", "morph": {"reason": GONE}}},
        (True, "no-mailbox", False),
    ),
    "mailtrap": (
        "mailtrap",
        {"event": "bounce", "response": GONE, "response_code": 550},
        (True, "no-mailbox", False),
    ),
    "postal": (
        "postal",
        {"payload": {"status": "HardFail", "output": GONE}},
        (True, "no-mailbox", False),
    ),
    "unisender": (
        "unisender_go",
        {"status": "hard_bounced", "delivery_info": {"delivery_status": "err_domain_inactive"}},
        (True, "no-domain", False),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bounce_is_judged_by_the_esps_own_words(case):
    esp, event, expected = CASES[case]
    verdict = bounces.judge(esp, event, told.BOUNCED)
    found = (verdict.is_permanent, verdict.reason, verdict.is_senders_fault)
    assert (verdict.type, *found) == ("bounced", *expected)
    of_anymail = SimpleNamespace(esp_event=event, event_type="bounced")
    assert bounces.is_permanent(of_anymail, esp) is expected[0]


@pytest.mark.parametrize(
    ("esp", "event", "permanent", "wish"),
    [
        ("sendgrid", {"event": "dropped", "reason": "Bounced Address"}, True, False),
        ("sendgrid", {"event": "dropped", "reason": "Unsubscribed Address"}, None, True),
        ("sendgrid", {"event": "dropped", "reason": "Spam Content"}, None, False),
        ("mailgun", mailgun("suppress-bounce", 605, "before"), True, False),
        ("mailgun", mailgun("suppress-unsubscribe", 606, "left"), None, True),
        ("amazon_ses", ses("Permanent", "OnAccountSuppressionList"), True, False),
        ("mandrill", {"event": "reject", "msg": {"reject": {"reason": "unsub"}}}, None, True),
        ("mailjet", {"event": "blocked", "error": "preblocked"}, True, False),
        ("postmark", {"Type": "ManuallyDeactivated"}, None, False),
        ("sparkpost", sparkpost("25", "suppressed", "policy_rejection"), None, False),
    ],
    ids=str,
)
def test_what_an_esp_refuses_by_a_list_of_its_own_says_why_it_is_there(esp, event, permanent, wish):
    verdict = bounces.judge(esp, event)
    assert (verdict.type, verdict.is_permanent, verdict.is_readers_wish) == (
        "refused",
        permanent,
        wish,
    )


@pytest.mark.parametrize("esp", vendors.ALL)
def test_each_word_has_a_known_meaning_and_any_event_a_verdict(esp):
    words, said = vendors.ALL[esp]
    for meaning in words.values():
        assert meaning.type in told.TYPES
        assert meaning.reason in ("", *REASONS)
    for odd in ({}, {"event-data": []}, {"data": 7, "msys": {"x": None}, "event": ["bounce"]}):
        assert said(odd).word is not None
        assert bounces.judge(esp, odd).type in ("", *told.TYPES)
    assert bounces.judge("nobody", {"event": "bounce"}, "bounced", FULL).reason == "full"


def test_who_only_looks_like_a_complaint_is_none():
    on_list = {"complaint": {"complaintSubType": "OnAccountSuppressionList"}}
    assert bounces.judge("amazon_ses", on_list).type == "refused"
    not_spam = {"complaint": {"complaintFeedbackType": "not-spam"}}
    assert bounces.judge("amazon_ses", not_spam).type == "replied"
    by_customer = {"SuppressionReason": "ManualSuppression", "Origin": "Customer"}
    assert bounces.judge("postmark", by_customer).type == "refused"
