"""Measures what the product does on this machine, always beside a yardstick of the same run."""
