"""The ways to reach people: one file a channel, each with everything of it."""
