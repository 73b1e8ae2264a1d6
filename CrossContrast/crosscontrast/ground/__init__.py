"""Images, files, tables, devices and provenance: the ground that everything stands on."""
