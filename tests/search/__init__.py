"""Tests of search and help."""
