"""Two made-up things to hand out for a session: a few words, and a picture that is drawn here."""

from io import BytesIO

from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from facilitator.materials.cleaning import clean
from facilitator.materials.draft import MaterialDraft
from facilitator.materials.models import Audience, Release
from facilitator.materials.service import add_file, add_text
from facilitator.planning.models import GroupSession

WORDS = """Nothing here has to be done. If you like:

- Think of a place where you can breathe out.
- Notice 3 things there that you can see.
- Bring a word for it, or keep it to yourself.
"""
SIZE, MARGIN, LINES = (900, 600), 80, 6


def hand_out(db: Session, session: GroupSession) -> None:
    """Give a session words to read days before, a picture from its start on, and a note for those who facilitate."""
    days_before = MaterialDraft(title="Before we meet", release=Release.BEFORE, days_before=3, text=WORDS)
    add_text(db, session, days_before)
    add_file(db, session, MaterialDraft(title="A sheet to write on"), *clean(draw_sheet()))
    note = "The key to Room 2 hangs beside the kitchen door."
    add_text(db, session, MaterialDraft(title="For the two of us", audience=Audience.FACILITATORS, text=note))


def draw_sheet() -> bytes:
    """Return a PNG picture of lines to write on."""
    sheet = Image.new("L", SIZE, "white")
    pen = ImageDraw.Draw(sheet)
    for line in range(1, LINES + 1):
        height = line * SIZE[1] // (LINES + 1)
        pen.line((MARGIN, height, SIZE[0] - MARGIN, height), fill="gray", width=2)
    out = BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()
