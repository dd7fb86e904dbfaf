"""What may be asked for; each module has the addresses of one thing."""
