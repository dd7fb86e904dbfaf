"""English: a date line says “April 6, 2016”, not “Apr. 6, 2016”."""

DATE_FORMAT = "F j, Y"
