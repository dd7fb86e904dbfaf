"""Vendors: what each ESP calls things in its webhooks, one module each."""

from collections.abc import Callable, Mapping
from typing import Any

from deliveries.vendors import (
    amazon_ses,
    brevo,
    mailersend,
    mailgun,
    mailjet,
    mailtrap,
    mandrill,
    postal,
    postmark,
    resend,
    sendgrid,
    sparkpost,
    unisender_go,
)
from deliveries.vendors.meanings import Meaning, Said

# By the name that EMAIL_PROVIDER has for them.
ALL: dict[str, tuple[Mapping[str, Meaning], Callable[[Mapping[str, Any]], Said]]] = {
    "amazon_ses": (amazon_ses.WORDS, amazon_ses.said),
    "brevo": (brevo.WORDS, brevo.said),
    "mailersend": (mailersend.WORDS, mailersend.said),
    "mailgun": (mailgun.WORDS, mailgun.said),
    "mailjet": (mailjet.WORDS, mailjet.said),
    "mailtrap": (mailtrap.WORDS, mailtrap.said),
    "mandrill": (mandrill.WORDS, mandrill.said),
    "postal": (postal.WORDS, postal.said),
    "postmark": (postmark.WORDS, postmark.said),
    "resend": (resend.WORDS, resend.said),
    "sendgrid": (sendgrid.WORDS, sendgrid.said),
    "sparkpost": (sparkpost.WORDS, sparkpost.said),
    "unisender_go": (unisender_go.WORDS, unisender_go.said),
}
