"""The pages of readers: subscribe, confirm, unsubscribe, and what must stand beside a form.

No page here sets a cookie. The forms need no CSRF token: what a stranger's
page could make a browser post, anybody may post, and nothing follows from it
but a mail that asks its owner.
"""
