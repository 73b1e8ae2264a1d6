"""What a person does at the desk, without a front end: correct, save, measure, retrain, compare.

A controller has plain Python state, takes the MRML scene that it works on, starts jobs through a
:class:`~crosscontrast.desk.runner.Runner`, and says in one sentence why it cannot act now (``why_not...()``, empty
where it can). Panels and pages bind widgets to it and hold no logic. No package from pip is imported before it is used,
because a panel opens before they are installed.
"""
