//! Where Terraform works: a root module, the file of its state, and a folder for what Terraform keeps besides.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::super::tool::{self, Job, Manner, Ran};
use super::super::{SecretTag, StepContext, StepError};
use super::changes::resources;
use super::redact::redact_state;
use super::{refuse, speech};
use crate::reason::Reason;
use crate::workspace::Inside;

/// The most that Terraform may print of what it does, in bytes.
const MAX_SAID: u64 = 16 << 20;

/// The largest document that is read from Terraform, in bytes.
const MAX_DOCUMENT: u64 = 256 << 20;

/// The largest state or list of modules that is read, in bytes.
const MAX_FILE: u64 = 256 << 20;

/// A root module, and what it is given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Root {
    directory: String,
    variables: Map<String, Json>,
    environment: BTreeMap<String, String>,
    secrets: BTreeMap<String, SecretTag>,
    plugins: Option<String>,
}

/// A place that Terraform works in. The files of one step in it are removed when this is dropped.
pub(super) struct Place<'a> {
    root: &'a Root,
    directory: PathBuf,
    plugins: Option<PathBuf>,
    /// The state; need not be there.
    pub(super) file: PathBuf,
    /// What Terraform keeps: providers, modules, logs. Nobody else can read it.
    pub(super) folder: PathBuf,
    variables: Scratch,
}

/// What there is.
pub(super) struct State {
    pub(super) resources: BTreeSet<String>,
    /// The values of the root module's outputs; hidden where they are sensitive.
    pub(super) outputs: Json,
    /// How often the state was written.
    pub(super) serial: u64,
}

/// A file that is removed in the end.
pub(super) struct Scratch(pub(super) PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // One that is not there need not be removed, and one that stays lies where nobody else can read it.
        let _ = fs::remove_file(&self.0);
    }
}

impl<'a> Place<'a> {
    pub(super) fn open(step: &StepContext<'_>, root: &'a Root, state: &str) -> Result<Self, StepError> {
        if let Some(name) = root.environment.keys().chain(root.secrets.keys()).find(|name| !may_be_set(name)) {
            let message = format!("the environment variable `{name}` cannot be set for Terraform");
            return Err(StepError::new(Reason::InputMismatch, message));
        }
        if let Some(name) = root.environment.keys().find(|name| root.secrets.contains_key(*name)) {
            let message = format!("`{name}` stands in both `environment` and `secrets`");
            return Err(StepError::new(Reason::InputMismatch, message));
        }
        let directory = step.workspace().directory(&root.directory)?;
        let plugins = root.plugins.as_deref().map(|path| step.workspace().directory(path)).transpose()?;
        let state = step.workspace().path(state)?;
        let file = step.workspace().target(&state)?;
        let folder = folder_of(step, &state, &file)?;
        let variables = Scratch(folder.join(format!("{}.tfvars.json", tag(step))));
        let text = Json::Object(root.variables.clone()).to_string();
        write_private(&variables.0, text.as_bytes()).map_err(|error| broken(&folder, &error))?;
        Ok(Self { root, directory, plugins, file, folder, variables })
    }

    /// A path for a file of this step.
    pub(super) fn scratch(&self, step: &StepContext<'_>, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", tag(step)))
    }

    /// Terraform with arguments, run to its end.
    pub(super) fn run(
        &self,
        step: &StepContext<'_>,
        arguments: &[String],
        log: Option<File>,
        manner: Manner,
    ) -> Result<Ran, StepError> {
        let documents = arguments.first().is_some_and(|first| first == "show");
        let mut command = tool::tool(step, "terraform", &self.directory);
        command
            .args(arguments)
            .env("HOME", &self.folder)
            .env("TF_DATA_DIR", self.folder.join("data"))
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .env("TF_CLI_CONFIG_FILE", "/dev/null")
            .env("CHECKPOINT_DISABLE", "1")
            .envs(&self.root.environment);
        for (name, tag) in &self.root.secrets {
            command.env(name, step.secret(tag)?.expose());
        }
        let job = Job {
            name: "terraform",
            command,
            log,
            limit: if documents { MAX_DOCUMENT } else { MAX_SAID },
            manner,
            tell: if documents { &speech::silent } else { &speech::message },
        };
        tool::run(step, job)
    }

    /// Gets what the module needs: providers and other modules. Backends are left alone, since the state is a file here.
    pub(super) fn init(&self, step: &StepContext<'_>) -> Result<(), StepError> {
        self.stays_inside(step, &self.directory)?;
        let mut arguments = words(&["init", "-input=false", "-no-color", "-backend=false", "-lockfile=readonly"]);
        if let Some(plugins) = &self.plugins {
            arguments.push(flag("-plugin-dir=", plugins));
        }
        self.run(step, &arguments, None, Manner::Swift)?.succeeded("terraform init")?;
        self.modules_stay_inside(step)
    }

    /// Makes a plan; tells whether there is something to do.
    pub(super) fn plan(&self, step: &StepContext<'_>, out: &Path, more: &[String]) -> Result<bool, StepError> {
        let mut arguments = words(&["plan", "-json", "-input=false", "-detailed-exitcode", "-lock-timeout=10s"]);
        arguments.extend([flag("-state=", &self.file), flag("-out=", out), flag("-var-file=", &self.variables.0)]);
        arguments.extend_from_slice(more);
        let ran = self.run(step, &arguments, None, Manner::Swift)?;
        match ran.status.code() {
            Some(code @ (0 | 2)) => {
                // Plans hold the values of variables, sensitive ones too.
                fs::set_permissions(out, Permissions::from_mode(0o600)).map_err(|error| broken(out, &error))?;
                Ok(code == 2)
            }
            _ => Err(speech::error(&ran, "terraform plan")),
        }
    }

    /// The document of a plan, or of a state. Holds sensitive values.
    pub(super) fn document(&self, step: &StepContext<'_>, path: &Path) -> Result<Json, StepError> {
        let arguments = [words(&["show", "-json", "-no-color"]), vec![path.to_string_lossy().into_owned()]].concat();
        let ran = self.run(step, &arguments, None, Manner::Swift)?.succeeded("terraform show")?;
        serde_json::from_slice(&ran.stdout).map_err(|error| {
            StepError::new(Reason::CommandFailed, format!("`terraform show -json` printed no JSON: {error}"))
        })
    }

    /// Applies a plan, and writes what Terraform says to a file, where it outlives the interpreter.
    pub(super) fn apply(&self, step: &StepContext<'_>, plan: &Path, log: &Path) -> Result<(), StepError> {
        let options = || OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).to_owned();
        let log = options().open(log).map_err(|error| broken(log, &error))?;
        let arguments = [
            words(&["apply", "-json", "-input=false", "-auto-approve", "-lock-timeout=10s"]),
            vec![flag("-state=", &self.file), plan.to_string_lossy().into_owned()],
        ]
        .concat();
        let ran = self.run(step, &arguments, Some(log), Manner::Orderly);
        for file in [&self.file, &self.backup()] {
            // It holds what is sensitive. Whether it is there is for Terraform to say.
            let _ = fs::set_permissions(file, Permissions::from_mode(0o600));
        }
        let ran = ran?;
        if ran.status.success() { Ok(()) } else { Err(speech::error(&ran, "terraform apply")) }
    }

    /// Where Terraform keeps the state before the last.
    fn backup(&self) -> PathBuf {
        let mut name = self.file.clone().into_os_string();
        name.push(".backup");
        name.into()
    }

    /// Whether there is a state.
    pub(super) fn has_state(&self) -> bool {
        self.file.is_file()
    }

    /// What there is; nothing where there is no state.
    pub(super) fn state(&self, step: &StepContext<'_>) -> Result<State, StepError> {
        if !self.has_state() {
            return Ok(State { resources: BTreeSet::new(), outputs: Json::Object(Map::new()), serial: 0 });
        }
        let raw: Json = serde_json::from_slice(&read(&self.file)?).map_err(|error| {
            StepError::new(Reason::FileFailed, format!("`{}` is no state of Terraform: {error}", self.file.display()))
        })?;
        // Showing a state takes the schemas of its providers.
        self.init(step)?;
        let mut document = self.document(step, &self.file)?;
        redact_state(&mut document);
        let outputs = document["values"]["outputs"].as_object().into_iter().flatten();
        let outputs = outputs.map(|(name, output)| (name.clone(), output["value"].clone())).collect();
        Ok(State {
            resources: resources(&document["values"]),
            outputs: Json::Object(outputs),
            serial: raw["serial"].as_u64().unwrap_or_default(),
        })
    }

    /// Removes all of it, once nothing is left that it could be needed for.
    pub(super) fn clear(&self) -> Result<(), StepError> {
        for file in [&self.file, &self.backup()] {
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(broken(file, &error)),
                _ => {}
            }
        }
        fs::remove_dir_all(&self.folder).map_err(|error| broken(&self.folder, &error))
    }

    /// All modules that the root module calls are in the workspace, or were downloaded.
    fn modules_stay_inside(&self, step: &StepContext<'_>) -> Result<(), StepError> {
        let list = self.folder.join("data/modules/modules.json");
        if !list.exists() {
            return Ok(());
        }
        let modules: Json = serde_json::from_slice(&read(&list)?).unwrap_or_default();
        let modules = modules["Modules"].as_array().into_iter().flatten();
        for directory in modules.filter_map(|module| module["Dir"].as_str()) {
            self.stays_inside(step, &self.directory.join(directory))?;
        }
        Ok(())
    }

    /// A folder of a module is in the workspace, and so is all that its links lead to.
    fn stays_inside(&self, step: &StepContext<'_>, folder: &Path) -> Result<(), StepError> {
        let outside = |path: &Path| {
            let message = format!("the module's `{}` leads out of the workspace", path.display());
            Err(StepError::new(Reason::PathRefused, message))
        };
        let real = folder.canonicalize().map_err(|error| broken(folder, &error))?;
        if !real.starts_with(step.directory()) {
            return outside(folder);
        }
        for entry in fs::read_dir(&real).map_err(|error| broken(folder, &error))? {
            let path = entry.map_err(|error| broken(folder, &error))?.path();
            // A link that leads nowhere is Terraform's to complain about.
            if path.is_symlink() && path.canonicalize().is_ok_and(|to| !to.starts_with(step.directory())) {
                return outside(&path);
            }
        }
        Ok(())
    }
}

/// The folder beside a state: `.web.tfstate.terraform` for `web.tfstate`.
fn folder_of(step: &StepContext<'_>, state: &Inside, file: &Path) -> Result<PathBuf, StepError> {
    let text = state.text();
    let (parent, name) = text.rsplit_once('/').map_or(("", text.as_str()), |(parent, name)| (parent, name));
    let inside = match parent {
        "" => format!(".{name}.terraform"),
        parent => format!("{parent}/.{name}.terraform"),
    };
    let path = step.workspace().path(&inside)?;
    step.workspace().ensure_directory(&path)?;
    let folder = file.with_file_name(format!(".{name}.terraform"));
    if folder.is_symlink() {
        return refuse(format!("`{inside}` is a symbolic link"));
    }
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).map_err(|error| broken(&folder, &error))?;
    Ok(folder)
}

/// Whether an environment variable can be given: none that changes what is run, or where.
fn may_be_set(name: &str) -> bool {
    let own = ["PATH", "HOME", "TMPDIR", "ORDAIN_KEY", "CHECKPOINT_DISABLE"];
    let valid = !name.is_empty() && !name.contains(['=', '\0']);
    let foreign = name.starts_with("TF_") && !name.starts_with("TF_VAR_") || name.starts_with("LD_");
    valid && !foreign && !own.contains(&name)
}

/// Marks files of a step, the same for every try.
fn tag<'a>(step: &'a StepContext<'_>) -> &'a str {
    let key = step.key();
    key.get(..16).unwrap_or(key)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn flag(name: &str, path: &Path) -> String {
    format!("{name}{}", path.display())
}

/// Writes a file that nobody else can read.
pub(super) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(content)
}

/// Reads a file up to a limit.
fn read(path: &Path) -> Result<Vec<u8>, StepError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| broken(path, &error))?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| broken(path, &error))?;
    if bytes.len() as u64 > MAX_FILE {
        let message = format!("`{}` is larger than {MAX_FILE} bytes", path.display());
        return Err(StepError::new(Reason::FileFailed, message));
    }
    Ok(bytes)
}

/// An error of the operating system.
pub(super) fn broken(path: &Path, error: &io::Error) -> StepError {
    StepError::new(Reason::FileFailed, format!("`{}`: {error}", path.display()))
}
