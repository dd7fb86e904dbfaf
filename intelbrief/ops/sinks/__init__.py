"""Servers that take mail for bench and drill, and write down what they took."""
