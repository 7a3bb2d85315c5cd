"""The calendar of one facilitator: own and shared groups by month, with what is hard about a day."""
