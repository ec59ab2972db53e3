"""The verbs: each carries out one thing with the ports it is handed, and decides nothing itself."""
