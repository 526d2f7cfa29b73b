"""The table of results."""

LINE = "| {:<58} | {:>9} | {:>9} | {:>6} | {:>10} |"


class Results:
    """Prints each comparison as soon as it is known: what, ours, the other's, their ratio, the aim."""

    def __init__(self):
        self.missed = []
        print(LINE.format("", "pgsmoke", "other", "ratio", "aim"))
        print(LINE.format("---", "---:", "---:", "---:", "---:"), flush=True)

    def add(self, what, ours, others, unit="s", ratio=None, most=None, least=None):
        """Adds a line; the ratio is ours by the other's unless another is given."""
        if ratio is None and others:
            ratio = ours / others
        aim = ""
        if most is not None:
            aim = f"≤ {most:g}"
            self.judge(ratio <= most, what)
        if least is not None:
            aim = f"≥ {least:g}"
            self.judge(ratio >= least, what)
        print(
            LINE.format(
                what,
                amount(ours, unit),
                "" if others is None else amount(others, unit),
                "" if ratio is None else f"{ratio:.2f}",
                aim,
            ),
            flush=True,
        )

    def judge(self, is_reached, what):
        if not is_reached:
            self.missed.append(what)


def amount(value, unit):
    digits = 0 if unit == "" or value >= 100 else 1 if value >= 10 else 2
    if unit == "s" and value < 1:
        return f"{value * 1000:.1f} ms"
    return f"{value:,.{digits}f} {unit}".rstrip()
