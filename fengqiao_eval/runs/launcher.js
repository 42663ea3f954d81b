/* Our part of JupyterLab, loaded as one of its extensions: a new notebook from each template, on its first page and among its
 * commands; the notebook of `fengqiao tune` runs by itself and is shown at its screen, which may ask to be run again. */
(() => {
  const home = new URL(".", document.currentScript.src), NAME = "fengqiao-launcher";
  let shared;

  /* The modules of JupyterLab itself: a token of another copy would be another token. */
  const shared_module = async (name) => (await Object.values(shared[name])[0].get())();

  /* The first name that is free: what a user has written is never replaced. */
  const free_path = async (contents, folder, name) => {
    const taken = new Set((await contents.get(folder || "", {content: true})).content.map((file) => file.name));
    let path = `${name}.ipynb`;
    for (let number = 2; taken.has(path); number++) path = `${name}-${number}.ipynb`;
    return folder ? `${folder}/${path}` : path;
  };

  const STARTS = 60; // seconds that a kernel may take to say that it is there

  /* Say whether the kernel of a notebook is there, or will be: one that is only not known yet is still connecting, and to start
   * another would end it. */
  const lives = async (kernel) => {
    const gone = () => !kernel || kernel.isDisposed || ["dead", "terminating"].includes(kernel.status);
    for (const until = Date.now() + STARTS * 1000; !gone() && kernel.status === "unknown" && Date.now() < until; )
      await new Promise((again) => setTimeout(again, 100));
    return !gone() && kernel.status !== "unknown";
  };

  /* Run a notebook from top to bottom; where its kernel died, it gets a new one first. Then show the screen that it draws. */
  const run_all = async (actions, panel) => {
    await panel.context.ready;
    await panel.sessionContext.ready;
    const {session, prevKernelName, kernelPreference} = panel.sessionContext;
    if (!(await lives(session?.kernel)))
      await panel.sessionContext.changeKernel({name: prevKernelName || kernelPreference.name || "python3"});
    if (await actions.runAll(panel.content, panel.sessionContext)) show_screen(panel);
  };

  const show_screen = (panel, tries = 50) => {
    const screen = panel.node.querySelector(".fengqiao-tuner:has(.weights)");
    if (!screen) return void (tries && setTimeout(show_screen, 100, panel, tries - 1));
    panel.content.activeCellIndex = panel.content.widgets.findIndex((cell) => cell.node.contains(screen));
    screen.scrollIntoView({block: "start"});
    screen.querySelector("input[type=range]:not(:disabled)")?.focus({preventScroll: true});
  };

  const screens = (tracker, actions, opened, translator) => {
    const begun = (panel) => {
      /* JupyterLab makes its panels without its translator: what they say of a kernel that died would be English. */
      if (translator && "_trans" in panel) panel._trans = translator.load("jupyterlab");
      if (panel.context.path === opened) run_all(actions, panel);
    };
    tracker.forEach(begun);
    tracker.widgetAdded.connect((_, panel) => begun(panel));
    document.addEventListener("tuner:rerun", (event) => {
      const panel = tracker.find((one) => one.node.contains(event.target));
      if (!panel) return;
      event.preventDefault();
      run_all(actions, panel);
    });
  };

  /* On a narrow window the list of files would leave the screen no room: it is closed once, and opens when it is asked for. */
  const make_room = (shell) => {
    const narrow = matchMedia("(max-width: 700px)"), close = () => narrow.matches && shell.collapseLeft?.();
    narrow.addEventListener("change", close);
    close();
  };

  const activate = (icon, actions) => async (app, launcher, palette, tracker, translator) => {
    const {category, templates, opened, style} = await (await fetch(new URL("templates.json", home))).json();
    document.head.append(Object.assign(document.createElement("style"), {textContent: style})); // of figures in the dark
    if (tracker) screens(tracker, actions, opened, translator);
    if (opened) make_room(app.shell);
    templates.forEach(({name, label, notebook}, rank) => {
      const command = `${NAME}:${name}`, contents = app.serviceManager.contents;
      app.commands.addCommand(command, {
        label, icon, caption: `${category}: ${name}.ipynb`,
        execute: async ({cwd}) => {
          const path = await free_path(contents, cwd, name);
          await contents.save(path, {type: "notebook", format: "json", content: notebook});
          return app.commands.execute("docmanager:open", {path});
        },
      });
      launcher?.add({command, category, rank});
      palette?.addItem({command, category});
    });
  };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init: (scope) => { shared = scope; },
    get: async () => {
      const used = ["launcher", "apputils", "ui-components", "notebook", "translation"].map((name) => shared_module(`@jupyterlab/${name}`));
      const [{ILauncher}, {ICommandPalette}, {notebookIcon}, {INotebookTracker, NotebookActions}, {ITranslator}] = await Promise.all(used);
      const optional = [ILauncher, ICommandPalette, INotebookTracker, ITranslator];
      const plugin = {id: `${NAME}:plugin`, autoStart: true, optional, activate: activate(notebookIcon, NotebookActions)};
      return () => ({__esModule: true, default: plugin});
    },
  };
})();
