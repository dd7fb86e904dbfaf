"""Receivers: where an ESP posts what became of a letter; parse, insert, answer.

Anymail reads each ESP's dialect and checks its signature or secret. What it
says goes into a row (deliveries.events.receive), and a worker does the rest.
"""
