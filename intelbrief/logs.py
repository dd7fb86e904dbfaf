"""What the log must not keep: the tokens of readers' links, which act for their readers."""

import logging
import re

# A token has at least 11 bytes, which are 15 characters of base64url; what is
# shorter opens nothing. Django warns of a path, a traceback may quote an address.
TOKEN = re.compile(r"(/(?:u|v|c|o|s/confirm)/)[\w%=-]{15,}")


class MaskingFormatter(logging.Formatter):
    """Writes a record, with its traceback, without the tokens in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of *record*; the record itself stays as it is."""
        return TOKEN.sub(r"\1•••", super().format(record))
