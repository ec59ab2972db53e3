"""Figures about the whole business: relations that count, and functions that make tables and charts."""
