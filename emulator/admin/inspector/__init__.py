"""The inspector: a page that shows a world, of static files without a build step and without dependencies.

``page`` serves the files; ``report`` puts them and a snapshot into one file. The scripts in ``static`` share one
object: the model keeps what snapshots say, dom makes elements, panes and details draw, and app connects them to the
server or to the data of the file.
"""
