"""What `tenure init` and `tenure demo` put into a new workspace, as files."""
