/* Our part of JupyterLab, loaded as one of its extensions: a new notebook from each template, on its first page and among its commands. */
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

  const activate = (icon) => async (app, launcher, palette) => {
    const {category, templates} = await (await fetch(new URL("templates.json", home))).json();
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
      const used = ["launcher", "apputils", "ui-components"].map((name) => shared_module(`@jupyterlab/${name}`));
      const [{ILauncher}, {ICommandPalette}, {notebookIcon}] = await Promise.all(used);
      const plugin = {id: `${NAME}:plugin`, autoStart: true, optional: [ILauncher, ICommandPalette], activate: activate(notebookIcon)};
      return () => ({__esModule: true, default: plugin});
    },
  };
})();
