"""What Anymail says of a call, in our words: its statuses, its errors and those below them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import requests
from anymail.backends.base import AnymailBaseBackend
from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailUnsupportedFeature,
)
from django.core.mail import EmailMultiAlternatives
from urllib3.exceptions import NewConnectionError

from deliveries.lanes import LaneTrouble, LogInRefused, SenderRefused
from deliveries.ledger import Fate
from deliveries.providers.esp.answers import (
    SENT,
    Malformed,
    Unclear,
    Verdict,
    judge_status,
    refused,
)
from deliveries.providers.esp.table import Esp

# Anymail refuses metadata for these.
_TAGS_ONLY = {"mailersend", "postal"}
_TAKEN = {"sent", "queued"}
_REFUSED = {"rejected", "invalid", "failed"}
# Errors of botocore that come before the request has gone out, and of its lack of a key.
_NEVER_SENT = {"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"}
_NO_KEY = {"NoCredentialsError", "PartialCredentialsError", "NoRegionError"}
# Amazon says 400 of these, which no letter can help.
_OF_THE_ACCOUNT = {
    "AccountSuspendedException",
    "LimitExceededException",
    "SendingPausedException",
}


def send(
    esp: Esp,
    backend: AnymailBaseBackend,
    message: EmailMultiAlternatives,
    addresses: Sequence[str] = (),
) -> list[Verdict]:
    """Let Anymail send *message* and return the verdicts, in the order of *addresses*.

    Without addresses there is one reader, whatever Anymail calls them.
    """
    if esp.name in _TAGS_ONLY:
        _as_tag(message)
    try:
        backend.send_messages([message])
    except AnymailRecipientsRefused:
        pass  # the statuses tell
    except (AnymailInvalidAddress, AnymailUnsupportedFeature) as error:
        if len(addresses) > 1:
            raise Malformed(f"{esp.name}: {error}") from error
        return [not_sendable(error)]
    except AnymailAPIError as error:
        _judge(esp, error)
    except AnymailError as error:
        raise LaneTrouble(f"{esp.name}: {error}") from error  # before anything was posted
    status = message.anymail_status  # type: ignore[attr-defined]  # Anymail's
    words = _words(status)
    found = {address: {str(one.status)} for address, one in status.recipients.items()}
    if not addresses:
        return [blamed(esp, _verdict(set().union(*found.values()), words))]
    return [blamed(esp, _verdict(found.get(address, set()), words)) for address in addresses]


def _as_tag(message: EmailMultiAlternatives) -> None:
    """Say in a tag, which comes back with a webhook, what these take no metadata for."""
    metadata = getattr(message, "metadata", None)
    if metadata:
        # Anymail reads both from the message; Django's class knows of neither.
        message.tags = [f"delivery-{metadata['delivery']}-{metadata['attempt']}"]  # type: ignore[attr-defined]  # see above
        del message.metadata  # type: ignore[attr-defined]  # see above


def not_sendable(error: AnymailError) -> Verdict:
    """Return the verdict on a letter that Anymail cannot put into the ESP's form."""
    about_address = isinstance(error, AnymailInvalidAddress)
    return Verdict(Fate.FAILED, "not-sendable", str(error), is_readers=about_address)


def _verdict(statuses: set[str], words: str) -> Verdict:
    if statuses & _TAKEN:
        return SENT
    if statuses and statuses <= _REFUSED:
        # "failed" is all that some say; the others name the address.
        return refused(
            f"{', '.join(sorted(statuses))}: {words}", is_readers="failed" not in statuses
        )
    return Verdict(Fate.IN_DOUBT, "unclear-answer", f"{', '.join(sorted(statuses))}: {words}")


def _words(status: Any) -> str:
    """Return the ESP's words, for people."""
    return str(getattr(status.esp_response, "text", status.esp_response or ""))[:500]


def blamed(esp: Esp, verdict: Verdict) -> Verdict:
    """Return *verdict*, on the reader's account where the ESP's words say so."""
    if verdict.fate is Fate.FAILED and is_about_reader(esp, verdict.words):
        return replace(verdict, is_readers=True)
    return verdict


def is_about_reader(esp: Esp, words: str) -> bool:
    """Tell whether *words* put the blame on a reader's address."""
    return bool(esp.blames_reader and re.search(esp.blames_reader, words))


def _judge(esp: Esp, error: AnymailAPIError) -> None:
    """Raise what a failed call means."""
    response = error.response
    if isinstance(response, dict):
        _judge_amazon(esp, error, response)
    elif error.status_code is not None and response is not None:
        words = str(response.text)[:500]
        judge_status(esp.name, error.status_code, words, response.headers)
        raise Unclear(f"{esp.name}: {error}") from error  # a 2xx that cannot be read
    elif isinstance(error, requests.RequestException):
        raise not_answered(esp.name, error) from error
    else:
        _judge_below(esp, error)


def _judge_amazon(esp: Esp, error: AnymailAPIError, response: dict[str, Any]) -> None:
    about = response.get("ResponseMetadata", {})
    code = str(response.get("Error", {}).get("Code", ""))
    if code == "MailFromDomainNotVerifiedException":
        raise SenderRefused(f"{esp.name}: {error}") from error
    if code in _OF_THE_ACCOUNT:
        raise LaneTrouble(f"{esp.name}: {error}") from error
    status = int(about.get("HTTPStatusCode", 500))
    judge_status(esp.name, status, str(error), about.get("HTTPHeaders", {}))
    raise Unclear(f"{esp.name}: {error}") from error


def _judge_below(esp: Esp, error: AnymailAPIError) -> None:
    """Raise what an error of botocore means."""
    kind = type(error.__cause__).__name__
    if kind in _NO_KEY:
        raise LogInRefused(f"{esp.name}: {error}") from error
    if kind in _NEVER_SENT:
        raise LaneTrouble(f"{esp.name} cannot be reached: {error}") from error
    raise Unclear(f"{esp.name}: {error}", "no-reply") from error


def not_answered(esp: str, error: requests.RequestException) -> Exception:
    """Return what it means that a request got no answer."""
    words = " ".join(str(part) for part in (error, error.__cause__) if part)[:500]
    if _never_connected(error):
        return LaneTrouble(f"{esp} cannot be reached: {words}")
    return Unclear(f"{esp}: {words}", "no-reply")


def _never_connected(error: BaseException | None) -> bool:
    """Tell whether no connection stood: refused, no such name, no proxy, a wrong certificate."""
    while error is not None:
        if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
            return True
        for argument in error.args:
            if isinstance(getattr(argument, "reason", None), NewConnectionError):
                return True
        if isinstance(error, requests.exceptions.SSLError):
            return "CERTIFICATE_VERIFY_FAILED" in str(error)
        error = error.__cause__
    return False
