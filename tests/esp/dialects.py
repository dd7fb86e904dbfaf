"""What six ESPs understand and say: requests read as mails, and answers in their words."""

import base64
import email
import email.policy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import formataddr, parseaddr
from typing import Any

Request = dict[str, Any]


@dataclass
class Mail:
    """One reader's mail, as the ESP would send it."""

    to: str
    sender: str
    subject: str
    html: str
    text: str
    headers: dict[str, str]
    metadata: dict[str, str]

    @property
    def address(self) -> str:
        """The bare address."""
        return parseaddr(self.to)[1]

    @property
    def name(self) -> str:
        """The name, decoded (RFC 2047)."""
        return str(make_header(decode_header(parseaddr(self.to)[0])))


@dataclass(frozen=True)
class Dialect:
    """How one ESP talks."""

    name: str
    most: int  # letters in a call
    settings: Callable[[str], dict[str, Any]]  # for Anymail, from the fake's address
    mails: Callable[[Request], list[Mail]]
    taken: Callable[[int], Any]  # the answer when all letters are taken
    refusal: Callable[[str, int], Any]  # of the only letter, to this address; or of all
    mixed: Callable[[list[bool]], Any] | None = None  # where each letter is judged by itself
    key: Callable[[Request], str] | None = None
    options: dict[str, Any] = field(default_factory=dict)


def _named(address: dict[str, str]) -> str:
    return formataddr((address.get("name", ""), address["email"]))


# --- Postmark ---------------------------------------------------------------


def _postmark_mails(request: Request) -> list[Mail]:
    items = request["json"]
    assert request["path"] == ("/email/batch" if isinstance(items, list) else "/email")
    assert request["headers"]["X-Postmark-Server-Token"] == "token"
    return [
        Mail(
            item["To"],
            item["From"],
            item["Subject"],
            item["HtmlBody"],
            item["TextBody"],
            {header["Name"]: header["Value"] for header in item["Headers"]},
            item["Metadata"],
        )
        for item in (items if isinstance(items, list) else [items])
    ]


_POSTMARK_TAKEN = {"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc", "To": "x@example.com"}
_POSTMARK_REFUSED = {"ErrorCode": 300, "Message": "Invalid 'To' address: 'x@example'."}

POSTMARK = Dialect(
    "postmark",
    500,
    lambda url: {"POSTMARK_SERVER_TOKEN": "token", "POSTMARK_API_URL": url},
    _postmark_mails,
    lambda count: (200, [_POSTMARK_TAKEN] * count if count > 1 else _POSTMARK_TAKEN),
    lambda address, count: (422, {"ErrorCode": 300, "Message": f"Invalid 'To' address: {address}"}),
    lambda good: (200, [_POSTMARK_TAKEN if one else _POSTMARK_REFUSED for one in good]),
)


# --- Resend -----------------------------------------------------------------


def _resend_mails(request: Request) -> list[Mail]:
    items = request["json"]
    assert request["path"] == ("/emails/batch" if isinstance(items, list) else "/emails")
    assert request["headers"]["Authorization"] == "Bearer token"
    mails = []
    for item in items if isinstance(items, list) else [items]:
        (to,) = item["to"]
        metadata = json.loads(item["headers"]["X-Metadata"])
        mails.append(
            Mail(
                to,
                item["from"],
                item["subject"],
                item["html"],
                item["text"],
                item["headers"],
                metadata,
            )
        )
    return mails


RESEND = Dialect(
    "resend",
    100,
    lambda url: {"RESEND_API_KEY": "token", "RESEND_API_URL": url},
    _resend_mails,
    lambda count: (
        200,
        {"data": [{"id": str(n)} for n in range(count)]} if count > 1 else {"id": "1"},
    ),
    lambda address, count: (
        422,
        {"statusCode": 422, "name": "validation_error", "message": "Invalid `to` field."},
    ),
    key=lambda request: str(request["headers"]["Idempotency-Key"]),
)


# --- Brevo ------------------------------------------------------------------


def _brevo_mails(request: Request) -> list[Mail]:
    content = request["json"]
    assert request["path"] == "/smtp/email"
    assert request["headers"]["api-key"] == "token"
    mails = []
    for item in content.get("messageVersions", [content]):
        (to,) = item["to"]
        metadata = json.loads(item["headers"]["X-Mailin-custom"])
        mails.append(
            Mail(
                _named(to),
                _named(content["sender"]),
                item.get("subject", content["subject"]),
                item["htmlContent"],
                item["textContent"],
                item["headers"],
                metadata,
            )
        )
    return mails


BREVO = Dialect(
    "brevo",
    1000,
    lambda url: {"BREVO_API_KEY": "token", "BREVO_API_URL": url},
    _brevo_mails,
    lambda count: (
        201,
        {"messageIds": [f"<{n}@b>" for n in range(count)]} if count > 1 else {"messageId": "<1@b>"},
    ),
    lambda address, count: (
        400,
        {"code": "invalid_parameter", "message": "email is not valid in to"},
    ),
    key=lambda request: str(request["json"]["headers"]["idempotencyKey"]),
)


# --- Mailgun ----------------------------------------------------------------


def _mailgun_mails(request: Request) -> list[Mail]:
    form = request["json"]
    assert request["path"] == "/harbour.example/messages"
    assert base64.b64decode(request["headers"]["Authorization"].split()[1]) == b"api:token"
    variables = json.loads(form.get("recipient-variables", "{}"))
    mails = []
    for to in form["to"].split("\n"):
        address = parseaddr(to)[1]
        own = variables.get(address, {})

        def fill(text: str, own: dict[str, str] = own) -> str:
            return re.sub(r"%recipient\.([^%]+)%", lambda found: own.get(found[1], found[0]), text)

        mails.append(
            Mail(
                to,
                form["from"],
                fill(form["subject"]),
                fill(form["html"]),
                fill(form["text"]),
                {name[2:]: fill(value) for name, value in form.items() if name[:2] == "h:"},
                {name[2:]: fill(value) for name, value in form.items() if name[:2] == "v:"},
            )
        )
    return mails


MAILGUN = Dialect(
    "mailgun",
    1000,
    lambda url: {"MAILGUN_API_KEY": "token", "MAILGUN_API_URL": url},
    _mailgun_mails,
    lambda count: (200, {"id": "<1@m>", "message": "Queued. Thank you."}),
    lambda address, count: (400, {"message": "'to' parameter is not a valid address"}),
)


# --- SendGrid ---------------------------------------------------------------


def _without_id(metadata: dict[str, str]) -> dict[str, str]:
    """Leave out what Anymail adds for itself."""
    return {name: value for name, value in metadata.items() if name != "anymail_id"}


def _sendgrid_mails(request: Request) -> list[Mail]:
    content = request["json"]
    assert request["path"] == "/mail/send"
    assert request["headers"]["Authorization"] == "Bearer token"
    bodies = {part["type"]: part["value"] for part in content["content"]}
    mails = []
    for one in content["personalizations"]:
        (to,) = one["to"]
        html, text = bodies["text/html"], bodies["text/plain"]
        for key, value in one.get("substitutions", {}).items():
            html, text = html.replace(key, value), text.replace(key, value)
        mails.append(
            Mail(
                _named(to),
                _named(content["from"]),
                content["subject"],
                html,
                text,
                {**content["headers"], **one.get("headers", {})},
                _without_id({**content.get("custom_args", {}), **one.get("custom_args", {})}),
            )
        )
    return mails


SENDGRID = Dialect(
    "sendgrid",
    1000,
    lambda url: {"SENDGRID_API_KEY": "token", "SENDGRID_API_URL": url},
    _sendgrid_mails,
    lambda count: (202, b""),
    lambda address, count: (
        400,
        {
            "errors": [
                {
                    "message": "Does not contain a valid address.",
                    "field": "personalizations.0.to.0.email",
                }
            ]
        },
    ),
)


# --- Amazon SES -------------------------------------------------------------


def _amazon_mails(request: Request) -> list[Mail]:
    content = request["json"]
    assert request["path"] == "/v2/email/outbound-emails"
    raw = base64.b64decode(content["Content"]["Raw"]["Data"])
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    return [
        Mail(
            str(message["To"]),
            str(message["From"]),
            str(message["Subject"]),
            html.get_content(),
            text.get_content(),
            {name: str(value) for name, value in message.items()},
            json.loads(str(message["X-Metadata"])),
        )
    ]


AMAZON = Dialect(
    "amazon_ses",
    1,
    lambda url: {
        "AMAZON_SES_CLIENT_PARAMS": {
            "aws_access_key_id": "key",
            "aws_secret_access_key": "secret",
            "region_name": "eu-west-1",
            "endpoint_url": url,
        }
    },
    _amazon_mails,
    lambda count: (200, {"MessageId": "010001"}),
    lambda address, count: (
        400,
        {"__type": "MessageRejected", "message": f"Email address {address} is not verified."},
        {"x-amzn-ErrorType": "MessageRejected"},
    ),
)

DIALECTS = (POSTMARK, RESEND, BREVO, MAILGUN, SENDGRID, AMAZON)
