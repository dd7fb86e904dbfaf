"""The bounce mailbox: each message is recorded, then marked, and none holds up the others."""

import socketserver
import threading

import pytest
from django.db import OperationalError

from deliveries import collecting, incoming, tasks
from intelbrief.checks import look
from tests.deliveries.returned import shapes

pytestmark = pytest.mark.sqlite_only


class Mailbox(socketserver.ThreadingTCPServer):
    """An IMAP server of one folder, as much of it as a client of ours asks for."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, *messages: bytes, keeps_keywords: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.messages = dict(enumerate(messages, 1))
        self.flags: dict[int, str] = dict.fromkeys(self.messages, "")
        self.keeps_keywords = keeps_keywords
        self.log: list[str] = []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}).start()

    @property
    def url(self) -> str:
        return f"imap://bounces%40harbour.example:s%3Acret@127.0.0.1:{self.server_address[1]}/INBOX"


class _Session(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self.wfile.write(b"* OK IMAP4rev1 here\r\n")
        while line := self.rfile.readline().decode().strip():
            tag, _, said = line.partition(" ")
            self.server.log.append(said)
            name, *rest = said.replace("UID ", "UID-", 1).split(" ", 2)
            getattr(self, "do_" + name.replace("-", "_").lower(), lambda *_: None)(*rest)
            if said == "NOOP fails":
                return
            self.wfile.write(f"{tag} OK done\r\n".encode())

    def tell(self, text: str) -> None:
        self.wfile.write(f"* {text}\r\n".encode())

    def do_capability(self, *_rest: str) -> None:
        self.tell("CAPABILITY IMAP4rev1")

    def do_select(self, *_rest: str) -> None:
        kept = r"\Seen \Deleted \*" if self.server.keeps_keywords else r"\Seen \Deleted"
        self.tell(f"{len(self.server.messages)} EXISTS")
        self.tell(f"OK [PERMANENTFLAGS ({kept})] kept")

    def do_uid_search(self, *rest: str) -> None:
        flag = collecting.KEYWORD if rest[0] == "UNKEYWORD" else r"\Seen"
        new = [str(uid) for uid, flags in self.server.flags.items() if flag not in flags]
        self.tell(f"SEARCH {' '.join(new)}".strip())

    def do_uid_fetch(self, uid: str, _part: str) -> None:
        data = self.server.messages[int(uid)]
        self.wfile.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(data)}}}\r\n".encode())
        self.wfile.write(data + b")\r\n")

    def do_uid_store(self, uid: str, flags: str) -> None:
        self.server.flags[int(uid)] += flags

    def do_expunge(self) -> None:
        for uid in [uid for uid, flags in self.server.flags.items() if r"\Deleted" in flags]:
            del self.server.messages[uid], self.server.flags[uid]


@pytest.fixture
def mailbox(settings):
    made = []

    def make(*messages, **options):
        made.append(Mailbox(*messages, **options))
        settings.BOUNCE_MAILBOX = made[-1].url
        return made[-1]

    yield make
    for server in made:
        server.shutdown()
        server.server_close()


@pytest.fixture
def kept(monkeypatch):
    """What was recorded, instead of the database."""
    kinds: list[str] = []
    monkeypatch.setattr(incoming, "keep", lambda taken, _at: kinds.append(taken.returned.kind))
    return kinds


GONE = shapes.dsn("failed", "5.1.1")
FULL = shapes.dsn("failed", "4.2.2")


@pytest.mark.parametrize("keeps_keywords", [True, False])
def test_each_message_is_read_once(mailbox, kept, keeps_keywords):
    server = mailbox(GONE, FULL, keeps_keywords=keeps_keywords)
    assert [collecting.collect(), collecting.collect()] == [2, 0]
    assert kept == ["permanent", "transient"]
    assert all(r"\Seen" in flags for flags in server.flags.values())
    assert 'LOGIN bounces@harbour.example "s:cret"' in server.log


def test_messages_are_deleted_where_that_is_asked_for(mailbox, kept, settings):
    settings.BOUNCE_MAILBOX_DELETES = True
    server = mailbox(GONE)
    assert collecting.collect() == 1
    assert not server.messages


def test_what_was_not_committed_stays_unread(mailbox, monkeypatch):
    server = mailbox(GONE)

    def is_away(*_arguments):
        raise OperationalError("away")

    monkeypatch.setattr(incoming, "keep", is_away)
    with pytest.raises(OperationalError):
        collecting.collect()
    assert server.flags == {1: ""}


def test_a_message_that_breaks_the_program_holds_up_none_behind_it(mailbox, monkeypatch):
    server = mailbox(GONE, FULL)
    kept = []

    def keep(taken, _at):
        if taken.returned.kind == "permanent":
            raise RuntimeError("broken")
        kept.append(taken)

    monkeypatch.setattr(incoming, "keep", keep)
    assert collecting.collect() == 2
    assert len(kept) == 1
    assert all(server.flags.values())


def test_a_server_that_is_away_is_tried_again_next_time(settings, monkeypatch):
    settings.BOUNCE_MAILBOX = "imap://u:p@127.0.0.1:1/INBOX"
    with pytest.raises(collecting.Trouble, match=r"127\.0\.0\.1 cannot be used"):
        collecting.collect()
    monkeypatch.setattr(tasks.guard, "may_send", lambda: True)
    tasks.collect_returned()


@pytest.mark.parametrize(
    "url",
    [
        "pop3://u:p@host", "imaps://host/INBOX", "imaps://u@host", "imaps://u:p@/INBOX",
        "imaps://u:p@host:x/", "imaps://u:hunt/er@host", "imaps://u:p@[host", "u:p@host",
        "imaps://u:p@host/%C3%A4",
    ],
)  # fmt: skip
def test_a_malformed_mailbox_is_named_without_its_password(settings, url):
    settings.BOUNCE_MAILBOX = url
    (found,) = [message for message in look() if message.id == "intelbrief.E017"]
    assert "hunt" not in found.msg
    assert url not in found.msg


def test_an_unsubscribe_mailbox_is_a_plain_address(settings):
    settings.UNSUBSCRIBE_MAILBOX = "leave me <x@example.org>"
    assert "intelbrief.E018" in [message.id for message in look()]


def test_a_message_that_the_server_does_not_give_stays_unread(mailbox, kept, monkeypatch):
    server = mailbox(GONE, FULL)
    given = _Session.do_uid_fetch
    monkeypatch.setattr(
        _Session, "do_uid_fetch", lambda self, uid, part: uid == "1" or given(self, uid, part)
    )
    assert collecting.collect() == 1
    assert kept == ["transient"]
    assert not server.flags[1]


def test_a_server_that_marks_nothing_is_in_trouble(mailbox, kept, monkeypatch):
    mailbox(GONE)
    real = collecting.imaplib.IMAP4.uid
    monkeypatch.setattr(
        collecting.imaplib.IMAP4,
        "uid",
        lambda self, name, *rest: ("NO", [b"full"]) if name == "STORE" else real(self, name, *rest),
    )
    with pytest.raises(collecting.Trouble, match="does not mark"):
        collecting.collect()


def test_an_answer_longer_than_was_asked_for_is_not_read(mailbox, kept, monkeypatch):
    def lie(session, uid, _part):
        session.wfile.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{99999999999}}\r\n".encode())

    mailbox(GONE)
    monkeypatch.setattr(_Session, "do_uid_fetch", lie)
    with pytest.raises(collecting.Trouble, match="at once"):
        collecting.collect()
    assert not kept


def test_a_large_folder_is_searched_piece_by_piece(mailbox, kept, monkeypatch):
    monkeypatch.setattr(collecting, "WINDOW", 2)
    server = mailbox(GONE, FULL, GONE)
    collecting.collect()
    searches = [said.rpartition(" ")[2] for said in server.log if said.startswith("UID SEARCH")]
    assert searches == ["1:2", "3:3"]
