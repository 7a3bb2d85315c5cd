"""Paper: what is printed of a session, as a page for the browser's Print and as a tagged PDF.

Every paper is built once as plain words, and laid out twice. No paper names a participant or tells who came.
"""
