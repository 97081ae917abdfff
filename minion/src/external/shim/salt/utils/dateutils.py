"""Dates."""

import datetime


def strftime(date=None, fmt="%Y-%m-%d"):
    return date_cast(date).strftime(fmt)


def date_cast(date):
    if date is None:
        return datetime.datetime.now()
    if isinstance(date, datetime.datetime):
        return date
    text = str(date)
    if text.replace(".", "", 1).isdigit():
        return datetime.datetime.fromtimestamp(float(text))
    return datetime.datetime.fromisoformat(text)
