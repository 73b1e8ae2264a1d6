"""The browser front end: a front door for many users, a process of its own behind it for each, and shared page parts.

What an application adds is one function that builds its page; see :mod:`crosscontrast.app.server.plan`.
"""
