"""Read what comes back by mail: bounces, complaints, answers of programs, wishes to leave.

Bytes in, values out: nothing in here knows a model, and nothing raises whatever it is fed.
"""
