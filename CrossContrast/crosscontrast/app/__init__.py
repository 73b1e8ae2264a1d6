"""What runs in a browser: the server, the pages of the application, and the reading of studies."""
