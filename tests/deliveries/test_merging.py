"""Merged letters: what the fast way writes is what a slow one with the standard library does."""

import datetime as dt
import email
import email.policy
import html
import re
import unicodedata
from email.headerregistry import Address
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from briefs.rendering import Field, Look, Places, Text, render_email
from deliveries import merging, returnpaths, wire
from deliveries.compiling import FIRST_FIELD, slot
from deliveries.letters import EditionMail, Letter
from deliveries.merging import Slot
from intelbrief import checks

pytestmark = pytest.mark.sqlite_only

PREFIX = "ib0123456789abx"
FIELDS = ("name", "first_name", "city", "Größe")
TEXT = Text(
    headline="[[first_name|You]] and the cranes in [[city]]",
    date=dt.date(2026, 4, 6),
    series="Harbour Brief",
    preheader="For [[name|all]]",
    key_points=("Good for [[city|your town]]", "[[name]]"),
    body="Dear [[name|reader]],\n\n[[name|reader]]’s size is **[[Größe|unknown = “?”]]**."
    "\n\n.[[city]]\n\n![of [[name]]](https://port.example/map.png) `[[name|code]]`\n\n"
    "[[[city|Here]]](https://port.example/cranes)",
    contact_block="Ask [[contact|us]].",
)


def compiled(text, **options):
    """Return the mail of an edition with *text* as the sender loads it."""
    fields: dict[Field, int] = {}

    def put(field):
        return slot(PREFIX, fields.setdefault(field, FIRST_FIELD + len(fields)))

    mail = render_email(
        text,
        Look("Harbour Watch"),
        Places(
            view=f"https://harbour.example/v/{slot(PREFIX, 0)}",
            unsubscribe=f"https://harbour.example/u/{slot(PREFIX, 1)}",
        ),
        link=lambda _url: f"https://harbour.example/c/{slot(PREFIX, 2)}",
        merge=put,
    )
    values = {
        "edition_id": 7, "subject": mail.subject, "html": mail.html, "text": mail.text,
        "slot_prefix": PREFIX, "links": 1, "sender_name": "Härbour, Watch",
        "sender_address": "brief@harbour.example", "reply_to": "desk@harbour.example",
        "list_name": "harbour", "is_public": True, "domain": "harbour.example",
        "per_reader": True, "message_key": "k" * 64,
        "fields": tuple(Slot(slot(PREFIX, number), field) for field, number in fields.items()),
        **options,
    }  # fmt: skip
    return EditionMail(**values)


MAIL = compiled(TEXT)
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def cleaned(value):
    """Return what a field says of *value*: the rule of merging.clean(), letter by letter."""
    if not isinstance(value, str):
        return str(value) if type(value) in (int, float) else ""
    seen = ""
    for character in value[:10_000]:
        if character in BIDI:
            continue
        control = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        seen += " " if control or character.isspace() else character
    line = " ".join(word for word in seen.split(" ") if word)
    if not any(c.isprintable() and c != " " for c in line):
        return ""
    if re.search(r"\{\{|\{%|\[\[|\*\||%\w[\w.]*%", line):
        return ""
    return line if len(line) <= 200 else line[:199].rstrip() + "…"


def has_web_address(line):
    """Tell what a mail program would make a link of, letter by letter."""
    starts = [at for at in range(len(line)) if line[at : at + 4].lower() == "www."]
    return "://" in line or any(
        at == 0 or not (line[at - 1].isalnum() or line[at - 1] == "_") for at in starts
    )


def expected(field, name, attributes):
    """Return what docs/writing.md promises; a name that has a web address in it counts as none."""
    if field.name not in ("name", "first_name"):
        return cleaned(attributes.get(field.name))
    whole, first = cleaned(name), cleaned(attributes.get("first_name"))
    whole, first = ("" if has_web_address(one) else one for one in (whole, first))
    return whole if field.name == "name" else first or whole.split(" ")[0].rstrip(",;")


def slowly(letter, date):
    """Return *letter* as a straightforward program would make it, and its subject."""
    mail = letter.mail
    links = {name: value.decode() for name, value in letter.values().items()}
    texts, htmls = dict(links), dict(links)
    for name, field in mail.fields:
        value = expected(field, letter.name, letter.attributes or {}) or field.default
        texts[name], htmls[name] = value, html.escape(value)
    filled = {}
    for part, source, values in (
        ("subject", mail.subject, texts), ("text", mail.text, texts), ("html", mail.html, htmls)
    ):  # fmt: skip
        pieces = re.split(rf"({PREFIX}\d{{3}})", source)
        filled[part] = "".join(values[p] if i % 2 else p for i, p in enumerate(pieces))
    subject = filled["subject"]
    message = EmailMessage(policy=email.policy.SMTP)
    message["To"] = Address(shown(letter.name), addr_spec=letter.address)
    message["Date"] = date
    message["Message-ID"] = f"<{letter.message_id}>"
    message["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
    message["From"] = Address(mail.sender_name, addr_spec=mail.sender_address)
    message["Reply-To"] = mail.reply_to
    subject = subject if len(subject) <= 200 else subject[:199].rstrip() + "…"
    message["Subject"] = subject
    for name, value in mail.headers.items():
        message[name] = value
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(filled["text"], cte="quoted-printable")
    message.add_alternative(filled["html"], subtype="html", cte="quoted-printable")
    return message, subject


def shown(name):
    """Return a name as a header can hold it."""
    return re.sub(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]+", " ", name).strip()


def squeezed(value):
    """Return *value* without white space: parsers differ on the folds between words."""
    return "".join(str(value).split())


def content_of(message, kind):
    """Return the text of a part, with the line ends of Python."""
    return message.get_body((kind,)).get_content().replace("\r\n", "\n").rstrip("\n")


def assert_on_the_wire(raw):
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\x00", raw), "a bare CR, LF or NUL"
    assert not re.search(rb"(?m)^\.", raw), "a dot that is not stuffed"
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= 76
    for line in head.split(b"\r\n"):
        assert len(line) <= 998
        assert line.strip(), "an empty line within the header"
        # What cannot be folded is one word: an address, a URL, a name in quotes.
        assert len(line) <= 78 or b" " not in line.split(b": ", 1)[-1].strip() or b'"' in line
    names = [name.lower() for name in re.findall(rb"(?m)^([!-9;-~]+):", head)]
    assert len(names) == len(set(names))
    assert {b"from", b"to", b"subject", b"date", b"message-id", b"mime-version",
            b"content-type"} <= set(names)  # fmt: skip
    assert not {b"bcc", b"cc", b"x-evil"} & set(names)
    for word in re.findall(rb"=\?[^?\s]+\?[bqBQ]\?[^?\s]*\?=", head):
        assert len(word) <= 75
        email.header.decode_header(word.decode())[0][0].decode("utf-8")
    for part in raw.split(b"Content-Type: text/")[1:]:
        assert b"charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n" in part


VALUES = st.one_of(
    st.text(max_size=90),
    st.sampled_from([
        "<script>alert(1)</script>", "](javascript:alert(1))", "a\r\nBcc: x@evil.example",
        "{{settings.SECRET_KEY}}", "[[name|x]]", "x" * 10_000, "…" * 300,
        "👩‍👩‍👧‍👦🏴‍☠️", "\u202eevil\u202c", "مرحبا",
        "=?utf-8?q?=0D=0AX-Evil:_1?=", ".", "..", "=", " \u200b ", "a" * 71 + "é", PREFIX + "000",
        "www.evil.example", "https://evil.example", "O'Brien & \"Sons\"", "é" * 12, "é " * 50,
    ]),
    st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none(),
    st.lists(st.text(max_size=5), max_size=2),
)  # fmt: skip
ADDRESSES = st.from_regex(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20})?"
    r"@[a-z0-9]{1,20}\.example",
    fullmatch=True,
)


@settings(max_examples=120)
@given(
    name=st.one_of(st.text(max_size=120), VALUES.filter(lambda v: isinstance(v, str))),
    address=ADDRESSES,
    attributes=st.dictionaries(st.sampled_from((*FIELDS, "contact")), VALUES),
)
@example("=?utf-8?q?evil?=", "ada@example.com", {})
@example("\u200b", "ada@example.com", {"city": "\t\r\n"})
@example("0", "ada@example.com", {"first_name": "WWW."})
@example("0 www.a", "ada@example.com", {"name": None})
def test_a_merged_letter_is_what_the_standard_library_makes(name, address, attributes):
    name = name[:120]
    letter = Letter(MAIL, 1234, 1, 5678, address, name, attributes)
    raw = letter.as_bytes()
    assert_on_the_wire(raw)
    fast = email.message_from_bytes(raw, policy=email.policy.default)
    built, subject = slowly(letter, fast["Date"])
    slow = email.message_from_bytes(built.as_bytes(), policy=email.policy.default)
    for header in ("Date", "Message-ID", "From", "Reply-To", "List-ID", "List-Archive", "List-Help",
                   "List-Unsubscribe", "List-Unsubscribe-Post", "Subject"):  # fmt: skip
        # The standard library decodes what looks like an encoded word when a header is set.
        if "=?" not in subject or header != "Subject":
            assert squeezed(fast[header]) == squeezed(slow[header]), header
    assert squeezed(fast["Subject"]) == squeezed(subject)
    (to,) = fast["To"].addresses
    assert to.addr_spec == address
    assert squeezed(to.display_name) == squeezed(shown(name))
    assert len(fast["Subject"]) <= 210
    assert [part.get_content_type() for part in fast.walk()] == [
        "multipart/alternative", "text/plain", "text/html"
    ]  # fmt: skip
    for kind in ("plain", "html"):
        assert content_of(fast, kind) == content_of(slow, kind)
    # What Anymail takes says the same.
    message = letter.as_email()
    assert squeezed(message.subject) == squeezed(fast["Subject"])
    assert message.body.rstrip("\n") == content_of(fast, "plain")
    assert message.alternatives[0].content.rstrip("\n") == content_of(fast, "html")


def test_a_letter_without_fields_asks_for_nothing_of_the_reader():
    mail = compiled(Text(headline="Headline", date=dt.date(2026, 4, 6), body="`[[name]]`"))
    assert mail.fields == ()
    assert mail.merging is None
    assert not mail.needs_attributes
    assert wire.SUBJECT not in mail.wire.pieces
    assert not compiled(Text("[[name]]", dt.date(2026, 4, 6))).needs_attributes
    assert compiled(Text("[[first_name]]", dt.date(2026, 4, 6))).needs_attributes


@pytest.mark.parametrize(
    ("field", "name", "attributes", "said"),
    [
        ("name", "Ada Lovelace", None, "Ada Lovelace"),
        ("name", "  ", None, "there"),
        ("name", "", {"name": "Other"}, "there"),
        ("first_name", "Ada Lovelace", {}, "Ada"),
        ("first_name", "Ada Lovelace", {"first_name": "Countess"}, "Countess"),
        ("first_name", "", {"first_name": ["x"]}, "there"),
        ("city", "Ada", {"city": "Köln"}, "Köln"),
        ("city", "Ada", {"City": "Köln"}, "there"),
        ("city", "Ada", None, "there"),
        ("city", "Ada", {"city": None}, "there"),
        ("city", "Ada", {"city": True}, "there"),
        ("city", "Ada", {"city": {"a": 1}}, "there"),
        ("city", "Ada", {"city": 0}, "0"),
        ("city", "Ada", {"city": 1.5}, "1.5"),
        ("city", "Ada", {"city": float("nan")}, "there"),
        ("city", "Ada", {"city": "\u200b\u2060"}, "there"),
        ("city", "Ada", {"city": "a\r\n\x00\u2028b"}, "a b"),
        ("city", "Ada", {"city": "\u202eabc\u2066"}, "abc"),
        ("city", "Ada", {"city": "https://x.example"}, "https://x.example"),
        ("name", "{{settings.SECRET_KEY}}", {}, "there"),
        ("city", "Ada", {"city": "%recipient.x%"}, "there"),
        ("city", "Ada", {"city": "*|FNAME|*"}, "there"),
        ("city", "Ada", {"city": "5 % or {x}"}, "5 % or {x}"),
        ("name", "Win at https://evil.example", {}, "there"),
        ("name", "WWW.evil.example", {}, "there"),
        ("name", "Awww.", {}, "Awww."),
        ("first_name", "Ada Lovelace", {"first_name": "www.evil.example"}, "Ada"),
        ("first_name", "Win at https://evil.example", {}, "there"),
    ],
)
def test_what_a_field_says(field, name, attributes, said):
    assert merging.value_of(Field(field, "there"), name, attributes) == said


@given(st.text(max_size=200))
def test_any_value_stands_alone_on_its_lines(value):
    value = value.encode("utf-8", "ignore").decode().replace("\r", "").replace("\n", "")
    line = wire.soft_line(value)
    assert line == b"" if not value else line.endswith(b"=\r\n")
    assert all(len(one) <= 76 for one in line.split(b"\r\n"))
    assert not re.search(rb"(?m)^\.|(?<!\r)\n|\r(?!\n)|\x00", line)
    part = email.message_from_bytes(b"Content-Transfer-Encoding: quoted-printable\n\n" + line)
    assert part.get_payload(decode=True).decode() == value


# --- Message-IDs and return paths -------------------------------------------


def test_a_message_id_outlives_the_keys_of_the_tokens(settings):
    letter = Letter(MAIL, 1234, 1, 5678, "ada@example.com", "")
    before = letter.message_id
    settings.TOKEN_KEYS = ["n" * 40, *settings.TOKEN_KEYS]
    again = Letter(compiled(TEXT), 1234, 2, 5678, "ada@example.com", "")
    assert again.message_id == before
    others = {
        Letter(compiled(TEXT, message_key="o" * 64), 1234, 1, 5678, "", "").message_id,
        Letter(compiled(TEXT), 1235, 1, 5678, "", "").message_id,
    }
    assert before not in others
    old = Letter(compiled(TEXT, message_key=""), 1234, 1, 5678, "", "").message_id
    assert old not in {before, *others}


@given(st.integers(min_value=0, max_value=2**63 - 1), st.booleans())
def test_a_return_path_names_its_delivery_in_any_case(delivery, is_upper):
    address = returnpaths.return_path(delivery, "bounces.harbour.example")
    local, _, domain = address.rpartition("@")
    assert domain == "bounces.harbour.example"
    assert len(local) <= 64
    assert re.fullmatch(r"b\+[0-9a-f]+", local)
    seen = address.upper() if is_upper else f"<{address}>"
    assert returnpaths.delivery_of(seen) == delivery


@pytest.mark.parametrize(
    "address", ["", "<>", "brief@harbour.example", "b+@x", "b+00@x", "b+" + "a" * 40 + "@x", "b+zz"]
)
def test_no_other_address_is_taken_for_a_return_path(address):
    assert returnpaths.delivery_of(address) is None


def test_a_changed_return_path_is_not_ours(settings):
    address = returnpaths.return_path(1234, "b.example")
    for position in range(2, address.index("@")):
        other = "0" if address[position] != "0" else "1"
        changed = address[:position] + other + address[position + 1 :]
        assert returnpaths.delivery_of(changed) is None
    settings.TOKEN_KEYS = ["n" * 40, *settings.TOKEN_KEYS]
    assert returnpaths.delivery_of(address) == 1234, "rotated, and the old key kept"
    settings.TOKEN_KEYS = ["n" * 40]
    assert returnpaths.delivery_of(address) is None


@pytest.mark.parametrize(
    ("domain", "is_one"),
    [
        ("bounces.harbour.example", True),
        ("b.example", True),
        ("xn--hfen-5qa.example", True),
        ("localhost", False),
        ("bounces@harbour.example", False),
        ("höfen.example", False),
        ("-b.example", False),
        ("b..example", False),
        ("b.example\r\nRCPT TO:<x@y.example>", False),
        ("a" * 64 + ".example", False),
        ("a." * 100 + "example", False),
    ],
)
def test_a_bounce_domain_is_a_domain(domain, is_one):
    assert returnpaths.is_domain(domain) is is_one


def test_a_malformed_bounce_domain_is_named_before_anything_is_sent(settings):
    main = {"provider": "smtp", "url": "smtp://127.0.0.1:25"}
    settings.PROVIDERS = {"main": main}
    settings.BOUNCE_DOMAIN = "bounces.harbour.example"
    assert "intelbrief.E013" not in [message.id for message in checks.look()]
    settings.BOUNCE_DOMAIN = "bounces@harbour.example"
    settings.PROVIDERS = {"main": {**main, "bounce_domain": "b example"}}
    found = [message.msg for message in checks.look() if message.id == "intelbrief.E013"]
    assert len(found) == 2
    assert "BOUNCE_DOMAIN has the bounce domain “bounces@harbour.example”" in found[0]
    assert 'PROVIDERS["main"]' in found[1]
