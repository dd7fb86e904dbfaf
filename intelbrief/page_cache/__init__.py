"""Whole public pages, kept by each web process for as long as nothing has changed.

`watching` has the database itself say that something changed, `state` asks it,
`keeping` holds the pages, and `door` answers with them before Django is asked.
"""
