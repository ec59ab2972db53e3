"""`python -m benchmarks` runs every measurement; see run.py."""

from benchmarks.run import main

main()
