"""System checks: what is missing or dangerous in this installation, with a hint."""
