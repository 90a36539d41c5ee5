"""Reads a book of flag signals."""
import yaml


def read(text):
    book = yaml.safe_load(text)
    if not isinstance(book, dict):
        raise ValueError("a signal book maps flags to meanings")
    return book
