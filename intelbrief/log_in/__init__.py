"""How people get to the desk: log-in, second factors, invitations, sessions.

django-allauth does the protocols and django-axes counts wrong passwords; here
is what this house adds: no open sign-up, mails as notices, an entry for each
step, second factors where a publication asks for them.
"""
