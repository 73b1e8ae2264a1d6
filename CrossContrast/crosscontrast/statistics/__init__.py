"""Statistics that evaluations, radiomics and reader studies share."""
