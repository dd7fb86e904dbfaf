"""Imports of readers: files of other houses, read with suspicion.

sources says what other houses' files look like, unpacking and reading turn a
file into records, rows turns a record into what it says of a reader, deciding
says what that changes here, storing writes it by the thousand, running keeps
the progress of a run in the database, undoing takes a run back.
"""


class Unreadable(ValueError):
    """The file as a whole cannot be imported; the message says why, and what to do."""
