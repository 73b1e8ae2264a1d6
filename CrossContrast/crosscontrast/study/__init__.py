"""The whole study from one cohort table: translate, compare features, predict an outcome."""
