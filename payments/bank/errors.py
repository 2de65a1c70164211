"""Every way the bank's files say no, to the person at the console."""


class PayoutRefused(Exception):
    """No file was made, nothing was moved; the text says what to do."""


class StatusFileRefused(Exception):
    """Nothing of a file from the bank was applied; the text says why."""
