"""One line to the mail server serves several mails, and none is lost to it."""

import pytest
from django.core.mail import EmailMultiAlternatives

from subscribers import wire
from subscribers.wire import MOST_MAILS, Wire

pytestmark = pytest.mark.sqlite_only


class Link:
    """Stands for a line; *patience* mails are taken, then it is dead."""

    patience = 1000
    fault: Exception = ConnectionError("gone")
    opened = 0
    taken = 0

    def __init__(self):
        self.mails = 0

    def open(self):
        Link.opened += 1

    def close(self):
        raise ConnectionError("hung up already")

    def send_messages(self, messages):
        if self.mails >= self.patience:
            raise self.fault
        self.mails += 1
        Link.taken += 1
        return len(messages)


@pytest.fixture
def line(monkeypatch):
    monkeypatch.setattr(wire, "get_connection", Link)
    monkeypatch.setattr(Link, "opened", 0)
    monkeypatch.setattr(Link, "taken", 0)
    return monkeypatch


def send(many):
    over = Wire()
    for _mail in range(many):
        over.send(EmailMultiAlternatives("Subject", "Text", to=["ada@example.com"]))
    over.close()


def test_several_mails_share_a_line_until_it_has_had_its_share(line):
    send(MOST_MAILS + 1)
    assert (Link.opened, Link.taken) == (2, MOST_MAILS + 1)


def test_a_server_that_hangs_up_early_is_called_again_at_once(line):
    line.setattr(Link, "patience", 1)
    send(3)
    assert (Link.opened, Link.taken) == (3, 3)


def test_a_server_that_takes_nothing_is_called_once_for_each_mail(line):
    line.setattr(Link, "patience", 0)
    with pytest.raises(ConnectionError):
        send(1)
    assert Link.opened == 1


def test_a_word_about_an_address_is_not_asked_for_twice(line):
    refused = ConnectionError("no such user")
    refused.recipients = {"ada@example.com": (550, b"no such user")}
    line.setattr(Link, "patience", 1)
    line.setattr(Link, "fault", refused)
    with pytest.raises(ConnectionError):
        send(2)
    assert Link.opened == 1
