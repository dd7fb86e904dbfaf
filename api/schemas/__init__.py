"""What goes over the wire: every field that may be read, and every one that may be set."""
