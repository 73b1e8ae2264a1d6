"""The cord in a MRML scene: patients, results, tables and plots. Always on a scene that is passed in."""
