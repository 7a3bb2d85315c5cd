"""Takes out of a file what nobody sees in it: who made it, with what, where and when, and what could act by itself.

A file that cannot be read whole is refused rather than handed on as it came. Nothing here writes to disk.
"""

import re
import warnings
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError
from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.filters import decode_stream_data
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NullObject, StreamObject

from facilitator.errors import Invalid
from facilitator.materials.rules import JPEG, LARGEST_FILE, PDF, find_media_type

MOST_PIXELS = 40_000_000
MOST_PAGES = 200
JPEG_QUALITY = 88
# what a document needs to be shown and read aloud; names, forms, actions, attachments and metadata are not among it
_OF_DOCUMENT = frozenset(
    {"/Type", "/Pages", "/StructTreeRoot", "/MarkInfo", "/Lang", "/PageLabels", "/PageLayout", "/OCProperties"}
)
_OF_PAGE = frozenset(
    {"/Type", "/Parent", "/Resources", "/MediaBox", "/CropBox", "/Rotate", "/Contents", "/Group", "/Tabs", "/StructParents"}
)  # fmt: skip
# stands on any object, and says who or when, or does something
_OF_NOTHING = (
    "/Metadata",
    "/PieceInfo",
    "/LastModified",
    "/AF",
    "/AA",
    "/OpenAction",
    "/JS",
    "/EF",
    "/User",
    "/CreatorInfo",
)
_START_OF_SCAN, _KEPT_SEGMENTS = 0xDA, frozenset({0xE0, 0xEE})  # JFIF, and Adobe's, which says how colours are coded
_FIRST_APP, _LAST_APP, _COMMENT, _END = 0xE0, 0xEF, 0xFE, 0xD9
_NEXT_SEGMENT = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # none of these among the points of a scan


def clean(content: bytes) -> tuple[str, bytes]:
    """Return what a file is and its bytes without what nobody sees.

    Raises:
        Invalid: when it is too large, of another kind, broken, locked, or larger than anybody needs.
    """
    if len(content) > LARGEST_FILE:
        raise _too_large()
    media_type = find_media_type(content)
    cleaned = _clean_pdf(content) if media_type == PDF else _clean_picture(content, media_type)
    if len(cleaned) > LARGEST_FILE:
        raise _too_large()
    return media_type, cleaned


def _too_large() -> Invalid:
    return Invalid("Choose a file of at most {most} MB.", "file", most=LARGEST_FILE // 1000000)


def _clean_picture(content: bytes, media_type: str) -> bytes:
    """Draw the picture anew, turned as it is to be seen; only its points come along."""
    kind = "JPEG" if media_type == JPEG else "PNG"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # its size is judged here
            with Image.open(BytesIO(content), formats=[kind]) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Invalid(
                        "Choose a picture of at most {most} million points.", "file", most=MOST_PIXELS // 1000000
                    )
                picture.load()
                drawn = ImageOps.exif_transpose(picture)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as problem:
        raise Invalid("This picture is broken and cannot be read. Save it anew and try again.", "file") from problem
    transparency = drawn.info.get("transparency")
    drawn.info = {} if transparency is None else {"transparency": transparency}
    out = BytesIO()
    if media_type == JPEG:
        drawn.convert("RGB").save(out, kind, quality=JPEG_QUALITY, optimize=True)
    else:
        drawn.save(out, kind, optimize=True)
    return out.getvalue()


def _clean_pdf(content: bytes) -> bytes:
    """Copy what is needed to show the document; outlines, links, forms, scripts, notes and attachments stay behind."""
    try:
        reader = PdfReader(BytesIO(content))
        if reader.is_encrypted:
            raise Invalid("This PDF is locked with a password. Save it without one and try again.", "file")
        if len(reader.pages) > MOST_PAGES:
            raise Invalid("Choose a PDF of at most {most} pages.", "file", most=MOST_PAGES)
        writer = PdfWriter(clone_from=reader)
        _keep_only(writer.root_object, _OF_DOCUMENT)
        for page in writer.pages:
            _keep_only(page, _OF_PAGE)
        for part in writer._objects:  # noqa: SLF001 - there is no other way to see every object
            _clean_object(part)
        # a copy takes along what hangs together; the rest, like names of attachments, hung on what is gone
        out = _written(PdfWriter(clone_from=PdfReader(BytesIO(_written(writer)))))
    except (
        PyPdfError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
        NotImplementedError,
    ) as problem:
        raise Invalid("This PDF is broken and cannot be read. Save it anew and try again.", "file") from problem
    return out


def _written(writer: PdfWriter) -> bytes:
    out = BytesIO()
    writer.metadata = None
    writer.write(out)
    return out.getvalue()


def _keep_only(part: DictionaryObject, names: frozenset[str]) -> None:
    for name in [name for name in part if name not in names]:
        del part[name]


def _clean_object(part: object) -> None:
    """Clean one part and what lies in it; parts that are only named in it are reached by themselves."""
    if isinstance(part, DictionaryObject):
        for name in _OF_NOTHING:
            part.pop(name, None)
        if isinstance(part, StreamObject):
            _clean_stream(part)
        for inner in list(dict.values(part)):
            _clean_object(inner)
    elif isinstance(part, ArrayObject):
        for inner in list.__iter__(part):
            _clean_object(inner)


def _clean_stream(part: StreamObject) -> None:
    """Take the notes out of a photograph, however often it is packed."""
    packed = part.get("/Filter", NullObject()).get_object()
    filters = list(packed) if isinstance(packed, ArrayObject) else [packed]
    if "/JPXDecode" in filters:
        raise Invalid(
            "This PDF holds a picture that cannot be looked into. Print it to a new PDF and try again.", "file"
        )
    if "/DCTDecode" not in filters:
        return
    part._data = without_segments(decode_stream_data(part))  # noqa: SLF001 - set_data would pack the bytes anew
    part[NameObject("/Filter")] = NameObject("/DCTDecode")
    if isinstance(packed, ArrayObject):
        wanted = part.pop("/DecodeParms", None)
        of_photograph = wanted[-1].get_object() if isinstance(wanted, ArrayObject) and wanted else None
        if isinstance(of_photograph, DictionaryObject):
            part[NameObject("/DecodeParms")] = of_photograph


def without_segments(content: bytes) -> bytes:
    """Return a JPEG picture without a camera's notes, its place, comments, and what stands behind its end.

    Only segments are left out (ITU-T T.81 §B.1.1); the points stay as they are.

    Raises:
        ValueError: when it is no such picture.
    """
    if content[:2] != b"\xff\xd8":
        raise ValueError("no JPEG picture")
    out, at, scanned = bytearray(content[:2]), 2, False
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] != _END:  # noqa: PLR2004 - the mark of every segment
        marker, end = content[at + 1], at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if marker == _START_OF_SCAN:
            found = _NEXT_SEGMENT.search(content, end)
            scanned, end = True, found.start() if found else len(content)
        is_note = _FIRST_APP <= marker <= _LAST_APP and marker not in _KEPT_SEGMENTS
        if not is_note and marker != _COMMENT:
            out += content[at:end]
        at = end
    if not scanned:
        raise ValueError("a JPEG picture without its points")
    return bytes(out) + bytes((0xFF, _END))
