"""The quality gate with radiomic features: command and job."""
