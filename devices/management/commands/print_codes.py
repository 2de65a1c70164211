"""`manage.py print_codes`: A4 sheets of stickers, one for each machine."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from devices import printing
from devices.printing import Choice, NotPrintable, Printable
from payments import lettering, stickers
from payments.lettering import Face, FontInvalid


class Command(BaseCommand):
    """Print the codes of machines, and of shops if asked."""

    help = "Write a PDF of A4 sheets of stickers, nine to a page: all enabled machines, unless you choose."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--merchant", type=UUID, nargs="+", default=[], help="only these shops' machines")
        parser.add_argument("--place", type=UUID, nargs="+", default=[], help="only machines at these places")
        parser.add_argument(
            "--account", type=int, nargs="+", default=[], help="only what pays these accounts"
        )
        parser.add_argument("--shops", action="store_true", help="the shops' own printed codes too")
        parser.add_argument("--code", type=UUID, nargs="+", default=[], help="exactly these codes")
        parser.add_argument("--format", choices=printing.FORMATS, default="url", help="what the symbol holds")
        parser.add_argument("--font", type=Path, help="a TrueType file to embed, for a print shop")
        parser.add_argument("--out", type=Path, help="the PDF to write; without it, to standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        face = _face(options["font"])
        try:
            sheet = printing.stickers(self._wanted(options), form=options["format"])
        except NotPrintable as error:
            raise CommandError(str(error)) from error
        self._warn_of_missing(sheet, face)
        self._write(stickers.sheets(sheet, face=face), options["out"])

    def _wanted(self, options: dict[str, Any]) -> list[Printable]:
        choice = Choice(options["merchant"], options["place"], options["account"])
        if options["code"]:
            if choice != Choice([], [], []) or options["shops"]:
                raise CommandError("--code names codes one by one: leave the other choices away.")
            return printing.named(options["code"])
        found, without = printing.machines(choice)
        for device in without:
            self.stderr.write(f"Left out: {device} has no code that pays; provision it again to get one.")
        if options["shops"]:
            found += printing.counters(choice)
        if not found:
            raise CommandError(
                "There is nothing to print: no enabled machine with a code fits. "
                "Set one up with provision_device, add --shops, or choose less."
            )
        return found

    def _warn_of_missing(self, sheet: list[stickers.Sticker], face: Face | None) -> None:
        missing = "".join(sorted({char for each in sheet for char in stickers.missing(each, face)}))
        if missing:
            self.stderr.write(f"Left out, no font has them: {missing} (name one that does with --font).")

    def _write(self, pdf: bytes, out: Path | None) -> None:
        if out is None:
            stream: Any = self.stdout  # passes on what the stream under it has
            if stream.isatty():
                raise CommandError("A terminal cannot show a PDF: add --out stickers.pdf.")
            stream.buffer.write(pdf)
            return
        try:
            out.write_bytes(pdf)
        except OSError as error:
            raise CommandError(f"{out} cannot be written ({error.strerror}): name another file.") from error


def _face(path: Path | None) -> Face | None:
    try:
        return lettering.embed(path) if path else None
    except FontInvalid as error:
        raise CommandError(f"{path} cannot be embedded ({error}): name a TrueType file (.ttf).") from error
