"""Reads papers back: their words, their tags, and the codes and sizes of their letters."""

import io

from pypdf import PdfReader
from pypdf.generic import ContentStream


def read(content):
    """Open a paper from its bytes."""
    return PdfReader(io.BytesIO(content))


def text_of(pdf):
    """Return what can be copied from a paper, on one line."""
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).replace("\u200b", "").split())


def tags_of(pdf):
    """Return the tags of a paper in reading order, as (name, alternative text)."""
    found = []

    def walk(node):
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for each in node:
                walk(each)
        elif isinstance(node, dict) and "/S" in node:
            found.append((node["/S"].lstrip("/"), node.get("/Alt")))
            walk(node.get("/K", []))

    walk(pdf.trailer["/Root"]["/StructTreeRoot"]["/K"])
    return found


def letters_of(page, pdf):
    """Yield (size, codes) of every piece of text on a page that is not decoration."""
    decoration, open_marks, size, wide = 0, [], 0, False
    fonts = page["/Resources"]["/Font"]
    for operands, name in ContentStream(page.get_contents(), pdf).operations:
        if name in (b"BMC", b"BDC"):
            open_marks.append(operands[0] == "/Artifact")
            decoration += open_marks[-1]
        elif name == b"EMC":
            decoration -= open_marks.pop()
        elif name == b"Tf":
            size, wide = float(operands[1]), fonts[operands[0]]["/Subtype"] == "/Type0"
        elif name in (b"Tj", b"TJ") and not decoration:
            pieces = operands[0] if name == b"TJ" else operands
            codes = b"".join(piece.original_bytes for piece in pieces if hasattr(piece, "original_bytes"))
            yield size, [int.from_bytes(codes[at : at + 2]) for at in range(0, len(codes), 2)] if wide else list(codes)


def actual_words(pdf):
    """List the words that stand behind clusters of letters."""
    operations = (each for page in pdf.pages for each in ContentStream(page.get_contents(), pdf).operations)
    marked = [operands[1] for operands, name in operations if name == b"BDC"]
    return [found["/ActualText"] for found in marked if isinstance(found, dict) and "/ActualText" in found]
