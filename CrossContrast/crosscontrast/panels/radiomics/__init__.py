"""The panel of the module RadiomicsCompare."""
