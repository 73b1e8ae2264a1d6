"""Jobs, the worker process that runs them warm, and the map over many cases."""
