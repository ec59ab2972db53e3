"""Benchmarks: a synthetic shop of any size, and the measurements that docs/explanation/performance.md reports."""
