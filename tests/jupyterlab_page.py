"""A notebook in the page of JupyterLab: the scripts by which the tests of a browser act on it."""

RUN_ALL = """() => {
  const run = async () => {
    const {shell, commands} = window.jupyterapp;
    await shell.currentWidget.context.ready;
    await shell.currentWidget.sessionContext.ready;
    const context = shell.currentWidget.sessionContext;
    while (!context.session?.kernel) await new Promise(again => setTimeout(again, 100));
    await context.session.kernel.info;
    await commands.execute('notebook:run-all-cells');
  };
  const late = new Promise((_, fail) => setTimeout(fail, 240000, new Error('the kernel did not start, or a cell did not end')));
  return Promise.race([run(), late]);
}"""
"""Runs the notebook in front from top to bottom, once its kernel is there."""

SAVE = "async () => { await window.jupyterapp.commands.execute('docmanager:save'); }"
"""Saves the notebook in front."""
