"""Measures over coded totals: trends, holding, hours, and what is hidden so that nobody can be singled out."""
