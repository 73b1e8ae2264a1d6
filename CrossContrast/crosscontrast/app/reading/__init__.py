"""Reading in the browser: a server for many readers, each with a link of their own."""
