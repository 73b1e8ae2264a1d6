"""The paper's ablation rerun on generated bodies: does soft training make the area depend less on the contrast?"""
