"""What lies deeper in a file than its first layer is taken out as well."""

import zlib
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, StreamObject, TextStringObject

from facilitator.errors import Invalid
from facilitator.materials.cleaning import clean, without_segments
from tests.materials.conftest import CANARY, jpeg


def named(**values):
    return DictionaryObject({NameObject(f"/{name}"): value for name, value in values.items()})


def stream(data, **values):
    made = StreamObject()
    made.update(named(**values))
    made._data = data
    return made


def image_stream(data, *filters):
    return stream(
        data,
        Type=NameObject("/XObject"),
        Subtype=NameObject("/Image"),
        Filter=ArrayObject(NameObject(f"/{each}") for each in filters),
        ColorSpace=NameObject("/DeviceRGB"),
        Width=NumberObject(60),
        Height=NumberObject(30),
        BitsPerComponent=NumberObject(8),
    )


def document(**resources):
    """A page with these resources; functions among them are given the writer."""
    writer = PdfWriter()
    page = writer.add_blank_page(200, 300)
    made = {name: value(writer) if callable(value) else value for name, value in resources.items()}
    page[NameObject("/Resources")] = named(**made)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def decoded(content):
    """Everything in a document, also what is packed."""
    reader, parts = PdfReader(BytesIO(content)), [content]
    for number in range(1, 1 + max(reader.xref[0], default=0)):
        part = reader.get_object(number)
        if isinstance(part, StreamObject):
            parts.append(zlib.decompress(part._data) if part.get("/Filter") == "/FlateDecode" else part._data)
    return b"".join(parts)


def camera_photo():
    """A JPEG with a second one behind its end, as telephones write them."""
    return jpeg() + jpeg()


def test_a_photograph_that_is_packed_twice_in_a_document_says_nothing_either():
    photo = image_stream(zlib.compress(jpeg()), "FlateDecode", "DCTDecode")
    _type, cleaned = clean(document(XObject=lambda writer: named(Im0=writer._add_object(photo))))
    reader = PdfReader(BytesIO(cleaned))
    kept = reader.pages[0]["/Resources"]["/XObject"]["/Im0"].get_object()
    assert CANARY not in decoded(cleaned)
    with Image.open(BytesIO(kept._data)) as picture:
        assert picture.size == (60, 30)


def test_a_photograph_whose_packing_stands_elsewhere_is_found():
    def pictures(writer):
        photo = image_stream(zlib.compress(jpeg()))
        photo[NameObject("/Filter")] = writer._add_object(
            ArrayObject([NameObject("/FlateDecode"), NameObject("/DCTDecode")])
        )
        photo[NameObject("/DecodeParms")] = ArrayObject(
            [named(Predictor=NumberObject(1)), named(ColorTransform=NumberObject(1))]
        )
        return named(Im0=writer._add_object(photo))

    _type, cleaned = clean(document(XObject=pictures))
    kept = PdfReader(BytesIO(cleaned)).pages[0]["/Resources"]["/XObject"]["/Im0"]
    assert CANARY not in kept._data
    assert kept["/DecodeParms"] == {"/ColorTransform": 1}


def test_a_picture_of_a_kind_that_cannot_be_cleaned_is_refused():
    jpx = image_stream(b"\x00\x00\x00\x0cjP  \r\n\x87\n" + CANARY, "JPXDecode")
    with pytest.raises(Invalid):
        clean(document(XObject=lambda writer: named(Im0=writer._add_object(jpx))))


def test_notes_that_hang_on_a_part_of_a_page_are_taken_out():
    def properties(writer):
        note = writer._add_object(stream(b"<x:xmpmeta>" + CANARY, Type=NameObject("/Metadata")))
        return named(MC0=named(Metadata=note))

    _type, cleaned = clean(document(Properties=properties))
    assert CANARY not in decoded(cleaned)


def test_the_names_of_layers_say_nobody():
    group = named(Type=NameObject("/OCG"), Usage=named(User=named(Name=TextStringObject(CANARY.decode()))))
    _type, cleaned = clean(document(Properties=lambda writer: named(MC0=writer._add_object(group))))
    assert CANARY not in decoded(cleaned)


def test_what_stands_behind_the_end_of_a_photograph_is_cut_off():
    cleaned = without_segments(camera_photo())
    assert CANARY not in cleaned
    assert cleaned.endswith(b"\xff\xd9")
    with Image.open(BytesIO(cleaned)) as picture:
        picture.load()


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_rows": 1}, {"optimize": True}])
def test_a_photograph_of_any_build_looks_the_same_afterwards(options):
    out = BytesIO()
    Image.effect_noise((90, 70), 60).convert("RGB").save(out, "JPEG", comment=CANARY, **options)
    cleaned = without_segments(out.getvalue())
    with Image.open(out) as one, Image.open(BytesIO(cleaned)) as other:
        assert one.tobytes() == other.tobytes()
    assert CANARY not in cleaned
