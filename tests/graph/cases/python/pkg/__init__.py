from .shapes import Square
