"""What goes into a rendering and what comes out: plain values, no model."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """How a publication's mail looks and whom it says it comes from."""

    name: str
    colour: str = "#1a4a6e"  # "#rgb" or "#rrggbb"; made readable before it is used
    logo_url: str = ""
    home_url: str = ""
    language: str = "en"
    postal_address: str = ""
    unsubscribe_wording: str = ""  # empty: "Unsubscribe" in the language
    direction: str = ""  # "ltr" or "rtl"; empty is that of the language
    frame: str = "sheet"  # "sheet", "plain" or "letter"
    header: str = ""  # one line under the name
    footer: str = ""  # Markdown without merge fields, under the contact block
    site_url: str = ""  # what stands before the path of our own pictures


@dataclass(frozen=True)
class Text:
    """What one revision says.

    *body* and *contact_block* are Markdown and *key_points* Markdown without
    blocks; everything else is plain text.
    """

    headline: str
    date: dt.date
    series: str = ""
    preheader: str = ""
    key_points: tuple[str, ...] = ()
    body: str = ""
    authors: tuple[str, ...] = ()
    contact_block: str = ""
    topics: tuple[str, ...] = ()


@dataclass(frozen=True)
class Places:
    """Where the links of one reader's copy go.

    Each is a URL or a slot of ASCII letters and digits that is filled in per
    reader after rendering, and so comes out byte for byte. An empty one is
    left out of the mail. *reason* tells why the reader gets it.
    """

    view: str = ""
    unsubscribe: str = ""
    preferences: str = ""
    subscribe: str = ""
    privacy: str = ""
    imprint: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Mail:
    """One brief as mailed; *links* are the original URLs by first appearance."""

    subject: str
    html: str
    text: str
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """The sanitised fragments of a brief's public web page."""

    key_points_html: tuple[str, ...]
    body_html: str
    contact_html: str
