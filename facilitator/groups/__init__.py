"""Groups, who leads them, and the people on their mailing lists."""
