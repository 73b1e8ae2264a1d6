"""A person correcting cords case by case: opening the next one, saving what came out."""
