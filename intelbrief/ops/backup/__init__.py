"""Backups: everything that an installation knows, in one file that says whether it is whole.

A backup is a tar.gz: a snapshot of the database, the uploaded files, those of
imports that are under way, the keys, and last of all a manifest with the size
and SHA-256 of each. A file that was cut off has no manifest.

The snapshot is taken first and everything else after it: an uploaded file is
stored before the row that names it and never changed, so all that the
snapshot names is there. Journals of workers are left out: a restored ledger
gives numbers anew, and what journals tell of others it may not believe.
"""


class Trouble(RuntimeError):
    """A backup cannot be made or restored; the message says why and what to do."""


class Untouched(Trouble):
    """A restore has failed, and all is as it was."""
