"""Files as people bring them, with things in them that nobody sees."""

from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfWriter
from pypdf.annotations import Text
from pypdf.generic import DictionaryObject, NameObject, NumberObject, StreamObject, TextStringObject

CANARY = b"Canary7Q"
TURNED, AUTHOR, PLACE = 0x0112, 0x013B, 0x8825


def camera_notes():
    notes = Image.Exif()
    notes[TURNED], notes[AUTHOR], notes[PLACE] = 6, CANARY.decode(), {1: "N", 2: (52.0, 31.0, 12.0)}
    return notes


def jpeg(size=(60, 30)):
    out = BytesIO()
    Image.new("RGB", size, "red").save(out, "JPEG", exif=camera_notes(), comment=CANARY)
    return out.getvalue()


def png(size=(10, 12)):
    out, words = BytesIO(), PngInfo()
    words.add_text("Author", CANARY.decode())
    words.add_itxt("Comment", CANARY.decode())
    Image.new("RGBA", size, (1, 2, 3, 40)).save(out, "PNG", pnginfo=words, exif=camera_notes())
    return out.getvalue()


def pdf(pages=2, *, password=""):
    """A document with an author, a note, an attachment, a script and a photograph that says where it was taken."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 300)
    photo = StreamObject()
    photo._data = jpeg()
    for name, value in (
        ("/Type", "/XObject"),
        ("/Subtype", "/Image"),
        ("/Filter", "/DCTDecode"),
        ("/ColorSpace", "/DeviceRGB"),
    ):
        photo[NameObject(name)] = NameObject(value)
    photo[NameObject("/Width")], photo[NameObject("/Height")] = NumberObject(60), NumberObject(30)
    photo[NameObject("/BitsPerComponent")] = NumberObject(8)
    photo[NameObject("/Metadata")] = writer._add_object(TextStringObject(CANARY.decode()))
    shown = DictionaryObject({NameObject("/Photo"): writer._add_object(photo)})
    writer.pages[0][NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): shown})
    writer.add_metadata({"/Author": CANARY.decode(), "/Title": CANARY.decode()})
    writer.add_annotation(0, Text(text=CANARY.decode(), rect=(1, 1, 20, 20)))
    writer.add_attachment(f"{CANARY.decode()}.txt", CANARY)
    action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject(CANARY.decode())}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(action)
    writer.root_object[NameObject("/Lang")] = TextStringObject("en")
    if password:
        writer.encrypt(password)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.fixture
def files():
    return {"pdf": pdf(), "png": png(), "jpeg": jpeg()}
