"""Campaigns as small readable files, and the library of those that come with Tenure."""
