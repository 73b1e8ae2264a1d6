"""Features by the IBSI reference manual (Zwanenburg et al., Radiology 295:328, 2020), in NumPy over all voxels."""
