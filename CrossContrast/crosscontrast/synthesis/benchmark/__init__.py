"""Comparing translators on one cohort, beside baselines that learn next to nothing."""
