"""DICOM: from files of any kind to volumes whose voxels lie where each slice's header says."""
