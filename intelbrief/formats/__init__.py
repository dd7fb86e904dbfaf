"""How dates are written, where Django's own form does not suit a date line."""
