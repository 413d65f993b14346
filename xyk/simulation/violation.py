"""What a simulation is for."""


class Violation(Exception):
    """The exchange did what it must never do; the message says what, for a person."""
