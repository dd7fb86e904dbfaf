"""ESPs by their HTTP interfaces: what each can do, how a call is written, what its answer means."""
