"""A line to the mail server for several notices one after the other."""

from contextlib import suppress

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

# Some servers hang up on who sends twenty; each new line costs as much as a mail.
MOST_MAILS = 10


class Wire:
    """Opens a line with the first mail, and a new one after a fault or MOST_MAILS mails."""

    def __init__(self) -> None:
        self._link: BaseEmailBackend | None = None
        self._mails = 0

    def send(self, message: EmailMultiAlternatives) -> None:
        """Send *message*; raise whatever the way of mail raises."""
        was_used = self._link is not None and 0 < self._mails < MOST_MAILS
        try:
            self._send(message)
        except Exception as error:  # each backend has errors of its own; judged below
            self.close()
            # The server may only have had enough of this line. What it says of an
            # address, it would say again.
            if not was_used or getattr(error, "recipients", None):
                raise
            self._send(message)

    def _send(self, message: EmailMultiAlternatives) -> None:
        if self._mails >= MOST_MAILS:
            self.close()
        if self._link is None:
            link = get_connection()
            link.open()
            self._link = link
        self._mails += 1
        message.connection = self._link
        message.send()

    def close(self) -> None:
        """Hang up; a line that is broken already cannot be hung up more politely."""
        link, self._link, self._mails = self._link, None, 0
        if link is not None:
            with suppress(OSError):
                link.close()
